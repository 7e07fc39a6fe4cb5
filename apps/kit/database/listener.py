"""One dedicated LISTEN connection that comes back, and says when there was a gap."""

import asyncio
import contextlib
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import asyncpg
import structlog
from asyncpg.connect_utils import SessionAttribute

from apps.kit.database.pool import AWAY

log = structlog.get_logger("cafe.listener")

CONNECT_SECONDS = 3.0
PROBE_EVERY_SECONDS = 4.0
PROBE_SECONDS = 3.0
MOST_BACKOFF_SECONDS = 1.0


@dataclass
class Listener:
    """Hears PostgreSQL channels (https://www.postgresql.org/docs/current/sql-listen.html), each with its callback.

    `on_listening` is called each time LISTEN is in force: whatever happened before must be read now. Callbacks are
    synchronous and must not raise. A dead link is noticed at once when it is closed, else by a probe within 7 s.
    """

    url: str
    channels: Mapping[str, Callable[[str], None]]
    on_listening: Callable[[], None]
    heard_at: float = field(default=float("-inf"), init=False)
    listening: bool = field(default=False, init=False)

    async def run(self) -> None:
        """Listens for ever; ends only by cancellation."""
        failures = 0
        while True:
            try:
                await self._listen()
                failures = 0
            except (*AWAY, asyncpg.PostgresError, asyncpg.InternalClientError) as error:
                failures += 1
                if failures in (1, 10):
                    log.warning("cannot listen to the database", reason=str(error) or type(error).__name__)
            finally:
                self.listening = False
            await asyncio.sleep(random.uniform(0, MOST_BACKOFF_SECONDS * min(1.0, 0.05 * 2 ** min(failures, 8))))  # noqa: S311 - jitter

    async def _listen(self) -> None:
        connection = await asyncpg.connect(
            self.url,
            timeout=CONNECT_SECONDS,
            command_timeout=PROBE_SECONDS,
            target_session_attrs=SessionAttribute.read_write,
            server_settings={"application_name": "cafe-listener"},
        )
        gone = asyncio.Event()
        connection.add_termination_listener(lambda _: gone.set())
        try:
            for channel in self.channels:
                await connection.add_listener(channel, self._hear)
            self._mark_alive()
            self.on_listening()
            log.info("listening", channels=list(self.channels))
            await self._probe_until(connection, gone)
            log.warning("the listening connection was lost")
        finally:
            self.listening = False
            connection.terminate()

    async def _probe_until(self, connection: "asyncpg.Connection[asyncpg.Record]", gone: asyncio.Event) -> None:
        while not gone.is_set():
            # not wait_for: on Python 3.11 it forgets a cancellation that comes together with what it waits for
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PROBE_EVERY_SECONDS):
                    await gone.wait()
                return
            await connection.execute("SELECT 1")
            self._mark_alive()

    def _mark_alive(self) -> None:
        self.listening = True
        self.heard_at = time.monotonic()

    def _hear(self, _connection: object, _pid: int, channel: str, payload: object) -> None:
        self._mark_alive()
        self.channels[channel](str(payload))
