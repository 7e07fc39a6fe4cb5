"""Keeps house: erases names, forgets old orders and the history of their time, and clears away what has expired."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import asyncpg
import structlog

from apps.kit.database.pool import Connection, Database
from apps.kit.errors import Unavailable
from apps.orders.queries import queries

log = structlog.get_logger("cafe.keeper")

EVERY_SECONDS = 3600.0
BATCH = 200
BETWEEN_BATCHES_SECONDS = 0.05

Batch = Callable[[Connection], Awaitable[Any]]


@dataclass(frozen=True)
class Keeper:
    """Works in small transactions, so that no order waits; of several replicas, one at a time.

    Finished orders lose their names after `keep_names_days`, and are deleted after `keep_orders_days` (None: never).
    """

    database: Database
    keep_names_days: int
    keep_orders_days: int | None

    async def run(self) -> None:
        """Sweeps at once and then every hour; ends only by cancellation."""
        while True:
            try:
                await self.sweep()
            except (Unavailable, asyncpg.PostgresError) as error:
                log.warning("could not keep house; it is tried again later", reason=str(error.__cause__ or error))
            await asyncio.sleep(EVERY_SECONDS)

    async def sweep(self) -> None:
        """All there is to do now, unless somebody else is at it."""
        done = {
            name: count
            for name, batch in self._batches().items()
            if (count := await self._until_done(batch)) is not None
        }
        if any(done.values()):
            log.info("kept house", **done)
        await self._in_turn(_clear_away)

    def _batches(self) -> dict[str, Batch]:
        names, orders = self.keep_names_days, self.keep_orders_days
        erasing: dict[str, Batch] = {
            "orders_erased": lambda connection: queries.erase_names(connection, keep_days=names, batch=BATCH),
            "lost_events_erased": lambda connection: queries.erase_lost_history(
                connection, keep_days=names, batch=BATCH
            ),
        }
        if orders is None:
            return erasing
        return erasing | {
            "orders_forgotten": lambda connection: queries.forget_orders(connection, keep_days=orders, batch=BATCH),
            "events_forgotten": lambda connection: queries.forget_events(connection, keep_days=orders, batch=BATCH),
        }

    async def _until_done(self, batch: Batch) -> int | None:
        """How many there were; None where another replica is at it."""
        total = 0
        while True:
            count: int | None = await self._in_turn(batch)
            if count is None:
                return None
            total += count
            if count == 0:
                return total
            await asyncio.sleep(BETWEEN_BATCHES_SECONDS)

    async def _in_turn(self, batch: Batch) -> Any:
        async with self.database.transaction() as connection:
            return await batch(connection) if await queries.only_one_keeper(connection) else None


async def _clear_away(connection: Connection) -> None:
    await queries.forget_answers(connection)
    await queries.forget_sessions(connection)
    await queries.forget_sign_in_keys(connection)
    await queries.forget_spent(connection)
