"""An order by its number: from memory, and only else from the orders service."""

from dataclasses import dataclass
from urllib.parse import quote

import httpx

from apps.api.errors import OrderNotFound
from apps.frontend.streams.live import Live
from apps.frontend.streams.order_entry import OrderEntry, parse_entry
from apps.kit.web.http_client import Unreachable, as_service, relayed


@dataclass(frozen=True)
class Lookup:
    """Finds what the board no longer holds, or does not hold yet."""

    live: Live
    orders: httpx.AsyncClient
    secret: str

    async def order(self, order_number: str) -> OrderEntry:
        """The order. Raises OrderNotFound, or Unreachable where it can't be said."""
        known = self.live.find(order_number)
        if known is not None:
            return known
        if not (order_number.isascii() and order_number.isprintable() and 1 <= len(order_number) <= 20):
            raise OrderNotFound
        if order_number.isdecimal():
            raise OrderNotFound
        try:
            response = await self.orders.get(
                f"/orders/{quote(order_number, safe='')}", headers=as_service(self.secret, "frontend")
            )
        except httpx.TransportError as error:
            raise Unreachable from error
        if response.status_code == 404:
            raise OrderNotFound
        if response.status_code != 200:
            raise relayed(response)
        return self.live.remember(parse_entry(response.content))
