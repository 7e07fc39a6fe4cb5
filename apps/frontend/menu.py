"""The menu in memory: as bytes to be sent, and the tag it is known by."""

from dataclasses import dataclass

import msgspec

from apps.kit.encoding import compact


class _Menu(msgspec.Struct):
    currency: str
    items: msgspec.Raw


_decoder = msgspec.json.Decoder(_Menu)


@dataclass(frozen=True)
class Menu:
    """`document` is the whole menu, `items` its list of items, both as JSON; `tag` is the orders service's ETag."""

    document: bytes
    currency: str
    items: bytes
    tag: str


def parse_menu(body: bytes, tag: str) -> Menu:
    """The orders service's menu. Raises msgspec.DecodeError."""
    document = compact(body)
    menu = _decoder.decode(document)
    return Menu(document, menu.currency, bytes(menu.items), tag)
