"""A client behind server-sent events: a bounded queue, and an end for who reads too slowly."""

import asyncio
from collections.abc import AsyncIterator

from apps.live import metrics
from apps.live.backlog import Backlog
from apps.live.message import Message

MOST_BACKLOG_MESSAGES = 1000


class EventSink:
    """Delivers in order to whoever iterates it; the iteration ends when the connection is to be closed."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._backlog = Backlog(MOST_BACKLOG_MESSAGES)
        self._closed = False

    def send(self, message: Message) -> None:
        """Takes a message for delivery."""
        if self._closed:
            return
        if self._backlog.is_too_much(self._queue.qsize()):
            metrics.laggards.inc()
            self.close(0)
        else:
            self._queue.put_nowait(message.event)

    def joined(self) -> None:
        """From now on the client must keep up: it has been given all there is."""
        self._backlog.joined(self._queue.qsize())

    def backlog(self) -> float:
        """How near the client is to being let go; 1 is the end."""
        return self._backlog.used(self._queue.qsize())

    def close(self, code: int) -> None:  # noqa: ARG002 - server-sent events have no close codes
        """Ends the connection; the client comes back with Last-Event-ID."""
        if not self._closed:
            self._closed = True
            self._queue.put_nowait(None)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (event := await self._queue.get()) is not None:
            yield event
