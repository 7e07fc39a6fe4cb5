"""A client behind a websocket: frames straight to its transport, and an end for who reads too slowly."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any

from apps.kit.process import tasks
from apps.kit.server.websocket_frames import PING, heard_at, transport_behind
from apps.live import metrics
from apps.live.backlog import Backlog
from apps.live.message import Message

MOST_BACKLOG_BYTES = 1 << 20
MOST_BACKLOG_MESSAGES = 1000
TOO_SLOW = 1013
LAST_WORD_SECONDS = 3.0
PING_EVERY_SECONDS = 10.0
PING_EARLIER_SECONDS = 2.0
"""Each is up to so much earlier, so that a thousand who came at once are not asked at once for ever."""
LATE_SECONDS = 1.0


class WebsocketSink:
    """Delivers in order, never waits. `run` ends when the connection is to be closed, and closes it."""

    def __init__(self, send: Callable[[Any], Awaitable[None]]) -> None:
        self._asgi_send = send
        self._transport = transport_behind(send)
        self._queue: asyncio.Queue[bytes] = asyncio.Queue()
        self._backlog = Backlog(MOST_BACKLOG_MESSAGES if self._transport is None else MOST_BACKLOG_BYTES)
        self._loop = asyncio.get_running_loop()
        self._closing: asyncio.Future[int] = self._loop.create_future()
        self._unread_at_ping = 0
        self._pinging = self._ping()

    def send(self, message: Message) -> None:
        """Takes a message for delivery."""
        if self._closing.done():
            return
        if self._backlog.is_too_much(self._unread()):
            metrics.laggards.inc()
            self.close(TOO_SLOW)
        elif self._transport is None:
            self._queue.put_nowait(message.json)
        elif not self._transport.is_closing():
            self._transport.write(message.frame)

    def joined(self) -> None:
        """From now on the client must keep up: it has been given all there is."""
        self._backlog.joined(self._unread())

    def backlog(self) -> float:
        """How near the client is to being let go; 1 is the end."""
        return self._backlog.used(self._unread())

    def _unread(self) -> int:
        return self._queue.qsize() if self._transport is None else self._transport.get_write_buffer_size()

    def _ping(self) -> asyncio.TimerHandle:
        """Asks the peer's machine for an answer, which must be here by the next time."""
        if self._transport is not None and not self._transport.is_closing():
            self._unread_at_ping = self._unread()
            self._transport.write(PING)
        wait = PING_EVERY_SECONDS - random.random() * PING_EARLIER_SECONDS  # noqa: S311 - spreads, hides nothing
        return self._loop.call_later(wait, self._look_for_an_answer, time.monotonic(), wait)

    def _look_for_an_answer(self, asked: float, wait: float) -> None:
        """Cuts off a machine that has said nothing since, unless it still reads what it was sent before.

        Where it was we who slept, the answer may lie unread in front of us: then it is asked again.
        """
        if self._transport is None or self._transport.is_closing():
            return
        late = time.monotonic() - asked > wait + LATE_SECONDS
        if heard_at(self._asgi_send) > asked or self._unread() < self._unread_at_ping or late:
            self._pinging = self._ping()
        else:
            self._transport.abort()

    def close(self, code: int) -> None:
        """Ends the connection with that code."""
        if not self._closing.done():
            self._closing.set_result(code)

    async def run(self) -> None:
        """Delivers what `send` could not write itself, until the connection is to be closed; then closes it."""
        pump = tasks.start("websocket-pump", self._pump())
        try:
            code = await self._closing
        finally:
            pump.cancel()
            self._pinging.cancel()
        try:
            async with asyncio.timeout(LAST_WORD_SECONDS):
                await self._asgi_send({"type": "websocket.close", "code": code})
        except TimeoutError:
            if self._transport is not None:
                self._transport.abort()

    async def _pump(self) -> None:
        while True:
            text = await self._queue.get()
            await self._asgi_send({"type": "websocket.send", "text": text.decode()})
