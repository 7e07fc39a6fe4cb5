"""Keeps the menu in memory up to date: read when it was changed, and every few seconds in any case."""

import asyncio
import contextlib
from dataclasses import dataclass, field

import httpx
import msgspec
import structlog

from apps.frontend.streams.live import Live
from apps.frontend.streams.menu import parse_menu
from apps.kit.web.http_client import as_service

log = structlog.get_logger("cafe.menu")

CHANNEL = "cafe_menu"
READ_EVERY_SECONDS = 5.0
FIRST_EVERY_SECONDS = 0.3
READ_SECONDS = 3.0


@dataclass
class MenuReader:
    """From the orders service to everyone who looks at the menu."""

    live: Live
    orders: httpx.AsyncClient
    secret: str
    _wake: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def wake(self) -> None:
        """Reads the menu now."""
        self._wake.set()

    async def run(self) -> None:
        """Reads for ever; ends only by cancellation."""
        while True:
            self._wake.clear()
            try:
                await self._read()
            except (httpx.HTTPError, TimeoutError, msgspec.DecodeError) as error:
                log.debug("could not read the menu", reason=str(error) or type(error).__name__)
            # not wait_for: on Python 3.11 it forgets a cancellation that comes together with what it waits for
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FIRST_EVERY_SECONDS if self.live.menu is None else READ_EVERY_SECONDS):
                    await self._wake.wait()

    async def _read(self) -> None:
        known = self.live.menu
        headers = as_service(self.secret, "frontend")
        if known is not None:
            headers["If-None-Match"] = known.tag
        async with asyncio.timeout(READ_SECONDS):
            response = await self.orders.get("/menu", headers=headers)
        if response.status_code == 200:
            self.live.take_menu(parse_menu(response.content, response.headers.get("ETag", "")))
        elif response.status_code != 304:
            log.debug("could not read the menu", reason=str(response.status_code))
