"""A websocket that ignores what its client sends, and closes where that is more than a small budget.

Hypercorn buffers first and checks later, waits for ever for an application that has gone, and leaves a connection open
that it has refused. Here nothing that comes in is kept, so nothing of it can pile up.
"""

import asyncio
import time
from typing import Any

from hypercorn.config import Config
from hypercorn.protocol.events import Data, Event, StreamClosed
from hypercorn.protocol.ws_stream import ASGIWebsocketState, WSStream
from wsproto.events import CloseConnection, Message, Ping
from wsproto.frame_protocol import CloseReason

from apps.kit.telemetry.metrics import hostile

NOT_YOURS = 1008
TOO_BIG = 1009
MOST_FRAMES = 20
FRAMES_SECONDS = 10.0
LAST_WORD_SECONDS = 1.0


class Inbound:
    """Counts what one client sends: a part of a frame, an empty fragment and a ping each count as a message."""

    __slots__ = ("_frames", "_length", "_most_bytes", "_since", "heard")

    def __init__(self, most_bytes: int) -> None:
        self.heard = time.monotonic()
        self._most_bytes = most_bytes
        self._frames = 0
        self._since = self.heard
        self._length = 0

    def objection(self, event: Any) -> int | None:
        """The close code for a client over its budget; None while it is within."""
        self.heard = time.monotonic()
        if self.heard - self._since > FRAMES_SECONDS:
            self._frames, self._since = 0, self.heard
        self._frames += 1
        if isinstance(event, Message):
            self._length += len(event.data)
            if self._length > self._most_bytes:
                return TOO_BIG
            if event.message_finished:
                self._length = 0
        return NOT_YOURS if self._frames > MOST_FRAMES else None


class QuietStream(WSStream):
    """Hypercorn's websocket, for clients that only listen."""

    def __init__(self, app: Any, config: Config, *rest: Any) -> None:
        super().__init__(app, config, *rest)
        self.inbound = Inbound(config.websocket_max_message_size)
        self._refused: asyncio.Future[None] | None = None

    async def handle(self, event: Event) -> None:
        """Handles a Hypercorn event of this stream."""
        if isinstance(event, StreamClosed):
            if self._refused is not None and not self._refused.done():
                self._refused.set_result(None)
        elif isinstance(event, Data) and (self._refused is not None or self.state is ASGIWebsocketState.CLOSED):
            return
        was_closed = self.closed
        await super().handle(event)
        if self.closed and not was_closed and not isinstance(event, StreamClosed):  # refused by Hypercorn itself
            if self.app_put is not None:
                await self.app_put({"type": "websocket.disconnect", "code": CloseReason.ABNORMAL_CLOSURE.value})
            await self.send(StreamClosed(stream_id=self.stream_id))

    async def _handle_events(self) -> None:
        for event in self.connection.events():
            if self.closed or self._refused is not None:
                return
            code = self.inbound.objection(event)
            if code is not None:
                await self._refuse(code)
            elif isinstance(event, Ping):
                await self._send_wsproto_event(event.response())
            elif isinstance(event, CloseConnection):
                await self._send_wsproto_event(event.response())
                await self.send(StreamClosed(stream_id=self.stream_id))

    async def _refuse(self, code: int) -> None:
        hostile.labels(str(code)).inc()
        self._refused = asyncio.get_running_loop().create_future()
        self.task_group.spawn(self._end_soon, self._refused)
        await self._send_wsproto_event(CloseConnection(code=code))

    async def _end_soon(self, over: asyncio.Future[None]) -> None:
        """Leaves the client a moment to read the close frame; what it sends meanwhile is dropped unread."""
        try:
            await asyncio.wait_for(over, LAST_WORD_SECONDS)
        except TimeoutError:
            await self.send(StreamClosed(stream_id=self.stream_id))
