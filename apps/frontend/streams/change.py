"""A change of an order as it comes from the database, parsed once at the edge."""

from dataclasses import dataclass
from typing import Final

import msgspec

from apps.domain.lifecycle import ACTIVE, Status
from apps.kit.web.encoding import compact


class _Order(msgspec.Struct):
    id: int
    order_number: str
    pickup_number: str
    status: Status
    version: int
    updated_at: str
    ordered_at: str | None
    preparing_at: str | None
    ready_at: str | None
    served_at: str | None
    cancelled_at: str | None


class Notice(msgspec.Struct):
    """What a notification says; without an order where that was too large for one, with a trace where there is one."""

    epoch: str
    seq: int
    committed_at: str = ""
    order: msgspec.Raw = msgspec.Raw()
    trace: str = ""


class LoggedEvent(msgspec.Struct):
    """One row of the event log."""

    seq: int
    committed_at: str
    order: msgspec.Raw


class EventPage(msgspec.Struct):
    """A part of the event log, with the head it was read at."""

    epoch: str
    head: int
    events: list[LoggedEvent]


class BoardDocument(msgspec.Struct):
    """The orders service's board."""

    epoch: str
    seq: int
    orders: list[msgspec.Raw]


_order: Final = msgspec.json.Decoder(_Order)
_notice: Final = msgspec.json.Decoder(Notice)
_page: Final = msgspec.json.Decoder(EventPage)
_board: Final = msgspec.json.Decoder(BoardDocument)


@dataclass(frozen=True, slots=True)
class Entry:
    """An order on the board: `raw` is its JSON as everyone who may see all of it gets it."""

    id: int
    order_number: str
    pickup_number: str
    status: Status
    version: int
    since: str
    ordered_at: str
    raw: bytes

    @property
    def active(self) -> bool:
        """Whether it is still to be made or picked up."""
        return self.status in ACTIVE


@dataclass(frozen=True, slots=True)
class Change:
    """One step of the café's history: dense `seq`, the moment of its commit, and the order after it."""

    seq: int
    committed_at: str
    entry: Entry


def parse_entry(raw: bytes) -> Entry:
    """An order's JSON. Raises msgspec.DecodeError where it is none."""
    order = _order.decode(raw)
    since = {
        Status.ORDERED: order.ordered_at,
        Status.PREPARING: order.preparing_at,
        Status.READY: order.ready_at,
        Status.SERVED: order.served_at,
        Status.CANCELLED: order.cancelled_at,
    }[order.status]
    return Entry(
        order.id,
        order.order_number,
        order.pickup_number,
        order.status,
        order.version,
        since or order.updated_at,
        order.ordered_at or order.updated_at,
        compact(raw),
    )


def parse_notice(payload: str) -> Notice:
    """A notification's payload. Raises msgspec.DecodeError where it is malformed."""
    return _notice.decode(payload)


def change_in(notice: Notice) -> Change | None:
    """The change that a notification carries. Raises msgspec.DecodeError."""
    if not bytes(notice.order):
        return None
    return Change(notice.seq, notice.committed_at, parse_entry(bytes(notice.order)))


def parse_page(body: bytes) -> tuple[EventPage, list[Change]]:
    """A page of the event log and the changes on it."""
    page = _page.decode(body)
    return page, [Change(event.seq, event.committed_at, parse_entry(bytes(event.order))) for event in page.events]


def parse_board(body: bytes) -> tuple[str, int, list[Entry]]:
    """Epoch, seq and orders of the orders service's board."""
    board = _board.decode(body)
    return board.epoch, board.seq, [parse_entry(bytes(raw)) for raw in board.orders]
