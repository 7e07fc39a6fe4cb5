"""Turns what a person types, such as `2 cappuccino oat`, into a line of a cart, by the words of the menu."""

import difflib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from apps.kit.user_error import UserError

COUNTS = ("a", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
FILLERS = frozenset({"with", "and", "the", "of", "a", "an", "in", "please"})
Json = Mapping[str, Any]


@dataclass(frozen=True)
class OrderLine:
    """One line; `options` are pairs of option and choice, by id. What is not mentioned stays as the menu has it."""

    item: int
    quantity: int
    options: tuple[tuple[str, str], ...]
    text: str

    def json(self) -> dict[str, Any]:
        options = [{"option": option, "choice": choice} for option, choice in self.options]
        return {"id": self.item, "quantity": self.quantity, "options": options}


def parse_order(text: str, menu: Json) -> list[OrderLine]:
    """The lines of an order; commas separate them. Raises UserError where a word is unknown, ambiguous or sold out."""
    lines = [_parse_line(part, menu["items"]) for part in re.split(r"[,;+]", text) if part.strip()]
    if not lines:
        raise UserError('nothing to order: write it as "2 cappuccino oat, butter croissant"')
    return lines


def _parse_line(text: str, items: list[Json]) -> OrderLine:
    words = _words(text)
    quantity, words = _quantity(words)
    item = _find_item(words, items, text.strip())
    if not item["available"]:
        raise UserError(f"{item['name']} is sold out")
    for word in _words(item["name"]):
        if word in words:
            words.remove(word)
    chosen = tuple(_choose(item, [word for word in words if word not in FILLERS]))
    described = ", ".join(choice["name"] for _, choice in chosen)
    shown = f"{quantity} × {item['name']}" + (f" ({described})" if described else "")
    return OrderLine(item["id"], quantity, tuple((option["id"], choice["id"]) for option, choice in chosen), shown)


def _words(text: str) -> list[str]:
    """Words without accents, case and a plural s."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(character for character in plain if not unicodedata.combining(character))
    found = re.findall(r"[^\W_]+", letters)
    return [word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word for word in found]


def _quantity(words: list[str]) -> tuple[int, list[str]]:
    first = words[0] if words else ""
    if number := re.fullmatch(r"(\d{1,2})x?", first):
        return int(number[1]), [word for word in words[1:] if word != "x"]
    return (max(1, COUNTS.index(first)), words[1:]) if first in COUNTS else (1, words)


def _find_item(words: list[str], items: list[Json], text: str) -> Json:
    """The item with most of its name among the words; a name that is there as a whole goes first."""
    scores: list[tuple[bool, int, Json]] = []
    for item in items:
        name = set(_words(item["name"])) - FILLERS
        if common := name & set(words):
            scores.append((common == name, len(common), item))
    best = max(((whole, count) for whole, count, _ in scores), default=None)
    found = [item for whole, count, item in scores if (whole, count) == best]
    if len(found) == 1:
        return found[0]
    if found:
        raise UserError(f'"{text}" could be {_list(found)}: which one?')
    known = {word: item["name"] for item in items for word in _words(item["name"])}
    close = [known[word] for each in words for word in difflib.get_close_matches(each, known, n=1)]
    raise UserError(f'there is no "{text}" on the menu' + (f"; did you mean {close[0]}?" if close else ""))


def _choose(item: Json, words: list[str]) -> Iterator[tuple[Json, Json]]:
    """The choices that the words name, the best match first. Raises UserError where a word is left over."""
    options = list(item["options"])
    while words and options:
        best = max((_score(choice, words) for option in options for choice in option["choices"]), default=(0, False))
        found = [
            (option, choice) for option in options for choice in option["choices"] if _score(choice, words) == best
        ]
        if best == (0, False):
            break
        option, choice = found[0]
        if rivals := [other for of, other in found[1:] if of is option]:
            raise UserError(f"{item['name']}: {_list([choice, *rivals])}: which one?")
        if not choice.get("available", True):
            raise UserError(f"{choice['name']} is sold out")
        yield option, choice
        named = {*_words(choice["name"]), *_words(choice["id"]), *_words(option["name"])}
        words = [word for word in words if word not in named]
        options.remove(option)
    if words:
        names = _list([choice for option in item["options"] for choice in option["choices"]])
        raise UserError(f'{item["name"]} cannot be had "{words[0]}"' + (f": there is {names}" if names else ""))


def _score(choice: Json, words: list[str]) -> tuple[int, bool]:
    """How many words of the choice's name are there, and whether its id is."""
    return len((set(_words(choice["name"])) - FILLERS) & set(words)), set(_words(choice["id"])) <= set(words)


def _list(named: list[Json]) -> str:
    return ", ".join(each["name"] for each in named)
