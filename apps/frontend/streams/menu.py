"""The menu in memory: as bytes to be sent, and the tag it is known by."""

from dataclasses import dataclass

import msgspec

from apps.kit.web.encoding import compact


class _Menu(msgspec.Struct):
    currency: str
    items: msgspec.Raw


class _Item(msgspec.Struct):
    id: int
    name: str


_decoder = msgspec.json.Decoder(_Menu)
_items = msgspec.json.Decoder(list[_Item])


@dataclass(frozen=True)
class Menu:
    """`document` is the whole menu, `items` its list of items, both as JSON; `names` are the items' by their ids;
    `tag` is the orders service's ETag.
    """

    document: bytes
    currency: str
    items: bytes
    names: dict[int, str]
    tag: str


def parse_menu(body: bytes, tag: str) -> Menu:
    """The orders service's menu. Raises msgspec.DecodeError."""
    document = compact(body)
    menu = _decoder.decode(document)
    names = {item.id: item.name for item in _items.decode(menu.items)}
    return Menu(document, menu.currency, bytes(menu.items), names, tag)
