"""What the orders service's routes work with while it lives."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import msgspec

from apps.kit.database.pool import Database
from apps.kit.database.pool_metrics import Pool
from apps.kit.errors import Unavailable
from apps.orders.read_router import ReadRouter


class _Number(msgspec.Struct):
    order_number: str


_decoder = msgspec.json.Decoder(_Number)


@dataclass
class Cafe:
    """The database and where lists are read, once they are open, and the café's clock."""

    timezone: ZoneInfo
    opened: Database | None = field(default=None)
    reading_from: ReadRouter | None = field(default=None)

    @property
    def database(self) -> Database:
        if self.opened is None:
            raise Unavailable
        return self.opened

    @property
    def reading(self) -> ReadRouter:
        """For lists and statistics, which may be some seconds old."""
        if self.reading_from is None:
            raise Unavailable
        return self.reading_from

    def pools(self) -> dict[str, Pool]:
        """The pools of connections that are open, by name."""
        replica = self.reading_from.replica if self.reading_from else None
        return {database.name: database.pool for database in (self.opened, replica) if database is not None}

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
