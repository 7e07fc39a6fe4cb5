"""What the orders service's routes work with while it lives."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import msgspec

from apps.domain.errors import Unavailable
from apps.kit.database import Database


class _Number(msgspec.Struct):
    order_number: str


_decoder = msgspec.json.Decoder(_Number)


@dataclass
class Cafe:
    """The database, once it is open, and the café's clock."""

    timezone: ZoneInfo
    opened: Database | None = field(default=None)

    @property
    def database(self) -> Database:
        if self.opened is None:
            raise Unavailable
        return self.opened

    def today(self) -> date:
        """The present café day."""
        return datetime.now(self.timezone).date()

    def day_start(self) -> datetime:
        """When the present café day began, in UTC."""
        return datetime.combine(self.today(), time.min, self.timezone).astimezone(UTC)

    @staticmethod
    def number_in(order: bytes) -> str:
        """The order number in an order's JSON."""
        return _decoder.decode(order).order_number
