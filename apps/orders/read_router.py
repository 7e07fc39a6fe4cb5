"""Where lists and statistics are read: from the replica while it is there and keeps up, else from the primary."""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import asyncpg
import structlog

from apps.kit.database.pool import Connection, Database
from apps.kit.errors import Unavailable
from apps.kit.process import tasks
from apps.orders.queries import queries

log = structlog.get_logger("cafe.reading")

LOOK_EVERY_SECONDS = 2.0
MOST_BEHIND_SECONDS = 10.0
PATIENCE_SECONDS = 2.0

Answer = TypeVar("Answer")


@dataclass
class ReadRouter:
    """For what may be some seconds old. A replica is used only while it is known to have what the primary had a few
    seconds ago: one that was promoted, restored or cut off falls behind, and is left alone until it has caught up.
    """

    primary: Database
    replica: Database | None = None
    is_current: bool = field(default=False, init=False)
    _asked: set["asyncio.Task[Any]"] = field(default_factory=set, init=False)
    _heads: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=60), init=False)

    async def read(self, query: Callable[[Connection], Awaitable[Answer]]) -> Answer:
        """What `query` reads. Raises DatabaseAway only where the primary is away as well."""
        if self.replica is not None and self.is_current:
            try:
                return await self._within_patience(self.replica, query)
            except (Unavailable, TimeoutError, asyncpg.PostgresError) as error:
                self._judge(fit=False, reason=_why(error))
        async with self.primary.connection() as connection:
            return await query(connection)

    async def run(self) -> None:
        """Looks after the replica for ever; ends only by cancellation."""
        while self.replica is not None:
            with contextlib.suppress(Unavailable, TimeoutError, asyncpg.PostgresError):
                await self._look(self.replica)
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def _look(self, replica: Database) -> None:
        epoch, seq = await self._within_patience(self.primary, _head)
        now = time.monotonic()
        if self._heads and self._heads[-1][1] > seq:
            self._heads.clear()  # the primary itself was restored
        self._heads.append((now, seq))
        try:
            theirs = await self._within_patience(replica, _head)
        except (Unavailable, TimeoutError, asyncpg.PostgresError) as error:
            self._judge(fit=False, reason=_why(error))
            return
        needed = max((head for at, head in self._heads if at <= now - MOST_BEHIND_SECONDS), default=seq)
        if theirs[0] != epoch:
            self._judge(fit=False, reason="it has another history")
        elif theirs[1] < needed:
            self._judge(fit=False, reason=f"it is {needed - theirs[1]} changes and more than a few seconds behind")
        else:
            self._judge(fit=True, reason="")

    async def _within_patience(self, database: Database, query: Callable[[Connection], Awaitable[Answer]]) -> Answer:
        """The answer, or TimeoutError; what then becomes of the question nobody waits for.

        Taking a question back from a server that hangs takes as long as it pleases: that is left to the task.
        """
        task = tasks.start("replica-query", _ask(database, query))
        task.add_done_callback(_noted)
        self._asked.add(task)
        task.add_done_callback(self._asked.discard)
        try:
            done, _ = await asyncio.wait({task}, timeout=PATIENCE_SECONDS)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if done:
            return task.result()
        task.cancel()
        raise TimeoutError(f"no answer within {PATIENCE_SECONDS:g} s")

    def _judge(self, *, fit: bool, reason: str) -> None:
        if fit and not self.is_current:
            log.info("lists and statistics are read from the replica")
        elif self.is_current and not fit:
            log.warning("the replica is left alone; the primary answers for it", reason=reason)
        self.is_current = fit


async def _ask(database: Database, query: Callable[[Connection], Awaitable[Answer]]) -> Answer:
    async with database.connection() as connection:
        return await query(connection)


async def _head(connection: Connection) -> tuple[str, int]:
    row: Any = await queries.stream_position(connection)
    return str(row["epoch"]), int(row["seq"])


def _noted(task: "asyncio.Task[Any]") -> None:
    if not task.cancelled():
        task.exception()  # who asked has either seen it or gone on without it


def _why(error: BaseException) -> str:
    cause = error.__cause__ or error
    return str(cause) or type(cause).__name__
