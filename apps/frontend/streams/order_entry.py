"""An order as the database writes it, parsed once at the edge."""

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


_order: Final = msgspec.json.Decoder(_Order)


@dataclass(frozen=True, slots=True)
class OrderEntry:
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
    def key(self) -> str:
        """What it is called on the board."""
        return self.order_number

    @property
    def active(self) -> bool:
        """Whether it is still to be made or picked up."""
        return self.status in ACTIVE


def parse_entry(raw: bytes) -> OrderEntry:
    """An order's JSON. Raises msgspec.DecodeError (a ValueError) where it is none."""
    order = _order.decode(raw)
    since = {
        Status.ORDERED: order.ordered_at,
        Status.PREPARING: order.preparing_at,
        Status.READY: order.ready_at,
        Status.SERVED: order.served_at,
        Status.CANCELLED: order.cancelled_at,
    }[order.status]
    return OrderEntry(
        order.id,
        order.order_number,
        order.pickup_number,
        order.status,
        order.version,
        since or order.updated_at,
        order.ordered_at or order.updated_at,
        compact(raw),
    )
