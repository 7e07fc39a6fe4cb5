"""The event log of the orders service, read over HTTP, and its notifications."""

from dataclasses import dataclass
from typing import Final

import httpx
import msgspec

from apps.frontend.streams.order_entry import OrderEntry, parse_entry
from apps.kit.web.http_client import as_service
from apps.live.entry import Change, Notice, Page, State
from apps.live.feed import LogForgotten, LogUnavailable


class _Notice(msgspec.Struct):
    """Without an order where that was too large for a notification, with a trace where there is one."""

    epoch: str
    seq: int
    committed_at: str = ""
    order: msgspec.Raw = msgspec.Raw()
    trace: str = ""


class _Event(msgspec.Struct):
    seq: int
    committed_at: str
    order: msgspec.Raw


class _Page(msgspec.Struct):
    epoch: str
    head: int
    events: list[_Event]


class _Board(msgspec.Struct):
    epoch: str
    seq: int
    orders: list[msgspec.Raw]


_notice: Final = msgspec.json.Decoder(_Notice)
_page: Final = msgspec.json.Decoder(_Page)
_board: Final = msgspec.json.Decoder(_Board)


@dataclass(frozen=True)
class OrderLog:
    """Reads `GET /board` and `GET /orders/events` with the rights of a service."""

    orders: httpx.AsyncClient
    secret: str

    async def state(self) -> State[OrderEntry]:
        """All active and just finished orders. Raises LogUnavailable."""
        body = await self._get("/board")
        try:
            board = _board.decode(body)
            return State(board.epoch, board.seq, [parse_entry(bytes(raw)) for raw in board.orders])
        except msgspec.DecodeError as error:
            raise LogUnavailable(f"/board: {error}") from error

    async def after(self, seq: int, limit: int) -> Page[OrderEntry]:
        """At most `limit` changes after `seq`. Raises LogUnavailable or LogForgotten."""
        body = await self._get(f"/orders/events?after={seq}&limit={limit}")
        try:
            page = _page.decode(body)
            changes = [Change(each.seq, each.committed_at, parse_entry(bytes(each.order))) for each in page.events]
        except msgspec.DecodeError as error:
            raise LogUnavailable(f"/orders/events: {error}") from error
        return Page(page.epoch, page.head, changes)

    def notice(self, payload: str) -> Notice[OrderEntry]:
        """A notification's payload. Raises ValueError where it is malformed."""
        notice = _notice.decode(payload)
        order = bytes(notice.order)
        change = Change(notice.seq, notice.committed_at, parse_entry(order)) if order else None
        return Notice(notice.epoch, notice.seq, change, notice.trace)

    async def _get(self, path: str) -> bytes:
        try:
            response = await self.orders.get(path, headers=as_service(self.secret, "frontend"))
        except httpx.HTTPError as error:
            raise LogUnavailable(f"{path}: {error or type(error).__name__}") from error
        if response.status_code == 410:
            raise LogForgotten(path)
        if response.status_code != 200:
            raise LogUnavailable(f"{path}: {response.status_code}")
        return response.content
