"""The menu, and what a cart costs by it, in exact decimals."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NewType

from apps.domain.errors import PriceChanged, SoldOut, UnknownItem

ItemId = NewType("ItemId", int)


@dataclass(frozen=True)
class Choice:
    """One way to have an option; `price` is what it adds to one unit."""

    id: str
    name: str
    price: Decimal


@dataclass(frozen=True)
class Option:
    """Something to choose about an item; the first choice is what you get unless you say otherwise."""

    id: str
    name: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class MenuItem:
    """Something the café sells; `price` is one unit without what its options add."""

    id: ItemId
    name: str
    price: Decimal
    available: bool
    options: tuple[Option, ...]


Menu = Mapping[ItemId, MenuItem]


@dataclass(frozen=True)
class WantedLine:
    """A line of a cart as it was sent; `price` is the unit price the customer saw, where they said so."""

    id: ItemId
    quantity: int
    choices: tuple[tuple[str, str], ...]
    notes: str
    price: Decimal | None


@dataclass(frozen=True)
class PricedLine:
    """A line of an order with names and prices from the menu; `price` is one unit with its options."""

    item: MenuItem
    quantity: int
    chosen: tuple[tuple[Option, Choice], ...]
    notes: str

    @property
    def price(self) -> Decimal:
        return self.item.price + sum((choice.price for _, choice in self.chosen), Decimal(0))


def price_line(menu: Menu, line: WantedLine, position: int) -> PricedLine:
    """One line by the menu. Raises UnknownItem, SoldOut or PriceChanged; `position` counts lines from 0."""
    item = menu.get(line.id)
    if item is None:
        raise UnknownItem(f"There is no item {line.id} on the menu.", field=f"items[{position}].id", item=line.id)
    if not item.available:
        raise SoldOut(f"{item.name} has just sold out.", item=item.id, name=item.name)
    priced = PricedLine(item, line.quantity, _choose(item, line.choices, position), line.notes)
    if line.price is not None and line.price != priced.price:
        raise PriceChanged(f"{item.name} is {priced.price} now.", item=item.id, price=priced.price)
    return priced


def _choose(item: MenuItem, wanted: Iterable[tuple[str, str]], position: int) -> tuple[tuple[Option, Choice], ...]:
    options = {option.id: option for option in item.options}
    chosen: dict[str, Choice] = {}
    for number, (option_id, choice_id) in enumerate(wanted):
        field = f"items[{position}].options[{number}]"
        option = options.get(option_id)
        if option is None or option_id in chosen:
            raise UnknownItem(f"{item.name} has no option {option_id!r} to choose (again).", field=field, item=item.id)
        choice = next((choice for choice in option.choices if choice.id == choice_id), None)
        if choice is None:
            raise UnknownItem(f"{option.name} has no choice {choice_id!r}.", field=field, item=item.id)
        chosen[option_id] = choice
    return tuple((option, chosen.get(option.id, option.choices[0])) for option in item.options if option.choices)


def price_cart(
    menu: Menu, lines: Iterable[WantedLine], seen_total: Decimal | None = None
) -> tuple[tuple[PricedLine, ...], Decimal]:
    """The lines by the menu, and their total. Raises UnknownItem, SoldOut or PriceChanged."""
    priced = tuple(price_line(menu, line, position) for position, line in enumerate(lines))
    total = sum((line.price * line.quantity for line in priced), Decimal("0.00"))
    if seen_total is not None and seen_total != total:
        raise PriceChanged(f"The total is {total} now.", total_price=total)
    return priced, total
