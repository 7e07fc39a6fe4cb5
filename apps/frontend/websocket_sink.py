"""A client behind a websocket: frames straight to its transport, and an end for who reads too slowly."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from apps.frontend.backlog import Backlog
from apps.frontend.message import Message
from apps.kit import metrics
from apps.kit.wire import PING, silence_of, transport_behind

MOST_BACKLOG_BYTES = 1 << 20
MOST_BACKLOG_MESSAGES = 1000
TOO_SLOW = 1013
LAST_WORD_SECONDS = 3.0
MOST_SILENCE_SECONDS = 25.0


class WebsocketSink:
    """Delivers in order, never waits. `run` ends when the connection is to be closed, and closes it."""

    def __init__(self, send: Callable[[Any], Awaitable[None]]) -> None:
        self._asgi_send = send
        self._transport = transport_behind(send)
        self._queue: asyncio.Queue[bytes] = asyncio.Queue()
        self._backlog = Backlog(MOST_BACKLOG_MESSAGES if self._transport is None else MOST_BACKLOG_BYTES)
        self._closing: asyncio.Future[int] = asyncio.get_running_loop().create_future()

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

    def _unread(self) -> int:
        return self._queue.qsize() if self._transport is None else self._transport.get_write_buffer_size()

    def ping(self) -> None:
        """Asks the peer's machine for an answer, and cuts off one that did not give the last two."""
        if self._transport is None or self._closing.done() or self._transport.is_closing():
            return
        if silence_of(self._asgi_send) > MOST_SILENCE_SECONDS:
            self._transport.abort()
        else:
            self._transport.write(PING)

    def close(self, code: int) -> None:
        """Ends the connection with that code."""
        if not self._closing.done():
            self._closing.set_result(code)

    async def run(self) -> None:
        """Delivers what `send` could not write itself, until the connection is to be closed; then closes it."""
        pump = asyncio.ensure_future(self._pump())
        try:
            code = await self._closing
        finally:
            pump.cancel()
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
