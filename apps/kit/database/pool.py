"""A pool of connections that is patient at the start and reconnects for ever after."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeAlias

import asyncpg
import structlog

from apps.kit.database.pool_metrics import TimedAcquire, away
from apps.kit.errors import Unavailable
from apps.kit.telemetry.tracing import trace_queries

log = structlog.get_logger("cafe.database")

START_ATTEMPTS = 10
START_EVERY_SECONDS = 3.0
CONNECT_SECONDS = 5.0
ACQUIRE_SECONDS = 5.0
COMMAND_SECONDS = 10.0
POOL_SIZE = 10
STATEMENTS_KEPT = 100
REPLICA_CONNECT_SECONDS = 2.0

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"

AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.ReadOnlySQLTransactionError,
)


class DatabaseAway(Unavailable):
    """The database does not answer just now. Nothing was lost; please try again in a moment."""

    code = "database_away"


class DatabaseNeverCame(Exception):
    """The database did not answer at the start."""


@dataclass(frozen=True)
class Database:
    """Where connections are borrowed."""

    pool: "asyncpg.Pool[asyncpg.Record]"
    name: str = "primary"

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection for one piece of work. Raises DatabaseAway where there is none, or it is lost on the way."""
        try:
            async with TimedAcquire(self.name, self.pool.acquire(timeout=ACQUIRE_SECONDS)) as connection:
                yield connection
        except AWAY as error:
            away.labels(self.name).inc()
            raise DatabaseAway from error

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """The same, in one transaction that commits at the end."""
        async with self.connection() as connection, connection.transaction():
            yield connection

    async def answers(self) -> bool:
        """Whether the database answers at all."""
        try:
            async with self.connection() as connection:
                await connection.execute("SELECT 1", timeout=3)
        except DatabaseAway:
            return False
        return True


@asynccontextmanager
async def open_database(
    url: str, *, attempts: int = START_ATTEMPTS, every_seconds: float = START_EVERY_SECONDS, pooled: bool = False
) -> AsyncIterator[Database]:
    """The database behind `url` for as long as the app lives. Raises DatabaseNeverCame after the last attempt.

    `pooled`: PgBouncer in transaction mode is in between, where what is prepared once is not there the next time.
    """
    pool = await _first_pool(url, attempts, every_seconds, 0 if pooled else STATEMENTS_KEPT)
    async with _closing(pool):
        yield Database(pool)


@asynccontextmanager
async def open_replica(url: str, *, pooled: bool = False) -> AsyncIterator[Database]:
    """The same without a wait at the start: it connects when it is first asked, and may be away."""
    statements = 0 if pooled else STATEMENTS_KEPT
    pool = await _pool(url, "cafe-orders-reading", statements, at_once=0, patience=REPLICA_CONNECT_SECONDS)
    async with _closing(pool):
        yield Database(pool, "replica")


async def _pool(
    url: str, name: str, statements: int, *, at_once: int = 1, patience: float = CONNECT_SECONDS
) -> "asyncpg.Pool[asyncpg.Record]":
    """A pool that calls itself `name` to the server, with `at_once` connections from the beginning."""
    return await asyncpg.create_pool(
        url,
        min_size=at_once,
        max_size=POOL_SIZE,
        timeout=patience,
        command_timeout=COMMAND_SECONDS,
        statement_cache_size=statements,
        server_settings={"application_name": name},
        init=trace_queries,
    )


@asynccontextmanager
async def _closing(pool: "asyncpg.Pool[asyncpg.Record]") -> AsyncIterator[None]:
    try:
        yield
    finally:
        try:
            await asyncio.wait_for(pool.close(), 3)
        except TimeoutError:
            pool.terminate()


async def _first_pool(url: str, attempts: int, every_seconds: float, statements: int) -> "asyncpg.Pool[asyncpg.Record]":
    for attempt in range(1, attempts + 1):
        try:
            return await _pool(url, "cafe-orders", statements)
        except (*AWAY, asyncpg.InvalidCatalogNameError) as error:
            log.warning("the database does not answer yet", attempt=attempt, attempts=attempts, reason=str(error))
            if attempt == attempts:
                raise DatabaseNeverCame(
                    f"the database did not answer {attempts} times ({error}); is it up, and CAFE_DATABASE_URL right?"
                ) from error
        await asyncio.sleep(every_seconds)
    raise AssertionError
