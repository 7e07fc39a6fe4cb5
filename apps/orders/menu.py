"""The menu as the database has it."""

from decimal import Decimal
from typing import Any

import msgspec

from apps.domain.menu import Choice, ItemId, Menu, MenuItem, Option
from apps.kit.database.pool import Connection
from apps.orders.queries import queries


class _Choice(msgspec.Struct):
    id: str
    name: str
    price: Decimal


class _Option(msgspec.Struct):
    id: str
    name: str
    choices: list[_Choice]


class _Item(msgspec.Struct):
    id: int
    name: str
    price: Decimal
    available: bool
    options: list[_Option]


class _Menu(msgspec.Struct):
    items: list[_Item]


_decoder = msgspec.json.Decoder(_Menu)


def _option(option: _Option) -> Option:
    return Option(option.id, option.name, tuple(Choice(each.id, each.name, each.price) for each in option.choices))


async def read_menu(connection: Connection) -> Menu:
    """The menu to price by, as it is at this moment."""
    menu = _decoder.decode(await menu_document(connection))
    return {
        ItemId(item.id): MenuItem(
            ItemId(item.id), item.name, item.price, item.available, tuple(_option(option) for option in item.options)
        )
        for item in menu.items
    }


async def menu_document(connection: Connection) -> bytes:
    """The menu as JSON, built by the database."""
    text: Any = await queries.menu(connection)
    return str(text).encode()
