"""A screen: follows its stream, resumes after a lost connection, and lets a bot wait for a state."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from urllib.parse import quote

from apps.kit.user_error import UserError
from tools.rush.cafe import Cafe, Closing
from tools.rush.socket import Lost, Refused, open_socket
from tools.rush.stream import Audience, Stream

MOST_WAIT_SECONDS = 1.0


class Screen:
    """The live connection of one audience."""

    def __init__(self, cafe: Cafe, stream: Stream) -> None:
        self.stream = stream
        self._cafe = cafe
        self._changed = asyncio.Event()
        self._failures = 0
        place = f"orders/{quote(stream.order_number)}" if stream.order_number else stream.audience.value
        self._address = f"{cafe.frontend}/ws/{place}"

    async def watch(self) -> None:
        """Follows the stream for ever, reconnecting. Raises UserError where it is refused for good."""
        while True:
            wait = 0.0
            try:
                await self._follow()
            except Refused as refusal:
                if refusal.status in (401, 403):
                    raise UserError(
                        f"the café does not let our {self.stream.audience} screen in ({refusal.status}): it runs with "
                        "another secret than CAFE_SECRET or the state folder say"
                    ) from None
                if refusal.status == 404:
                    self.stream.fault("the café does not know this order")
                self._cafe.tally.connections[f"refused ({refusal.status})"] += 1
                wait = refusal.wait
            except Lost:
                self._cafe.tally.connections["lost and taken up again"] += 1
            except OSError:
                self._cafe.tally.connections["could not be opened"] += 1
            finally:
                self.stream.lost()
            self._failures += 1
            jitter = random.uniform(0, min(MOST_WAIT_SECONDS, 0.1 * 2 ** min(self._failures, 5)))  # noqa: S311 - jitter
            await asyncio.sleep(wait + jitter)

    async def _follow(self) -> None:
        position = f"?epoch={self.stream.epoch}&seq={self.stream.seq}" if self.stream.epoch else ""
        headers = self._cafe.staff if self.stream.audience is Audience.KITCHEN else {}
        async with open_socket(self._address + position, headers, certificate=self._cafe.certificate) as socket:
            self._cafe.tally.connections["opened"] += 1
            self._failures = 0
            async for message in socket.messages():
                self._hear(message)

    def _hear(self, message: dict[str, Any]) -> None:
        if message["type"] == "change":
            committed = datetime.fromisoformat(message["committed_at"]).timestamp()
            self._cafe.tally.delays_seconds[self.stream.audience].append(time.time() - committed)
        self.stream.take(message)
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def until(self, holds: Callable[[Stream], bool]) -> None:
        """Waits until the predicate holds. Raises Closing where the rush ends before."""
        while not holds(self.stream):
            if self._cafe.enough.is_set():
                raise Closing
            changed, enough = (asyncio.ensure_future(each.wait()) for each in (self._changed, self._cafe.enough))
            try:
                await asyncio.wait((changed, enough), return_when=asyncio.FIRST_COMPLETED)
            finally:
                changed.cancel()
                enough.cancel()

    def shows(self, order_number: str) -> str | None:
        """The status of an order on this screen."""
        seen = self.stream.orders.get(order_number)
        return seen.status if seen else None


@asynccontextmanager
async def watching(cafe: Cafe, stream: Stream) -> AsyncIterator[Screen]:
    """A screen that is connected while the block runs."""
    screen = Screen(cafe, stream)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(screen.watch())
        try:
            yield screen
        finally:
            task.cancel()
