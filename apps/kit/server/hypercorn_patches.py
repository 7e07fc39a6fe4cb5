"""Patches of Hypercorn: each closes a hole that its defaults leave open on a public network.

Found by trying with Hypercorn 0.18; `tests/integration/test_hardening.py` and `tests/security/test_hostile_*.py`
fail when its insides change.
"""

import asyncio
import contextlib
from typing import Any

import h11
from hypercorn.asyncio.tcp_server import MAX_RECV, TCPServer
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.protocol import h11 as h11_protocol
from hypercorn.protocol import ws_stream
from hypercorn.protocol.h11 import H11Protocol
from wsproto.extensions import PerMessageDeflate

from apps.kit.server.connection_limits import current_connection
from apps.kit.server.receive_only_websocket import QuietStream

HEADERS_SECONDS = 10.0
STALLED_SECONDS = 4.0
CLOSING_SECONDS = 4.0

_create_stream = H11Protocol._create_stream  # noqa: SLF001
_handle = H11Protocol.handle
_protocol_send = TCPServer.protocol_send


class NoDeflate(PerMessageDeflate):
    """Declines permessage-deflate: it costs 90 KB a connection, and a small bomb unpacks to hundreds of MB."""

    def accept(self, offer: str) -> bool | None:  # noqa: ARG002 - wsproto's signature
        return None


async def _refuse_upgrades(self: H11Protocol, event: Any) -> None:
    """No h2c: an upgrade that a proxy does not see lets requests be smuggled past it (RFC 9113 removed it too)."""
    del self, event


async def _refuse_two_lengths(self: H11Protocol, request: h11.Request) -> None:
    """A body with two lengths is one request to a proxy and two to us, or the reverse (RFC 9112 section 6.3)."""
    named = {name for name, _ in request.headers}
    if b"transfer-encoding" in named and (b"content-length" in named or request.http_version < b"1.1"):
        await self._send_error_response(400)
        await self.send(Closed())
    else:
        await _create_stream(self, request)


def _has_begun(protocol: Any) -> bool:
    """Whether a part of the next request's headers is there."""
    connection = protocol.connection
    return connection.their_state is h11.IDLE and bool(connection.trailing_data[0])


async def _notice_a_beginning(self: H11Protocol, event: Event) -> None:
    """A connection that was used before is idle, until the first byte of the next request: then headers are awaited."""
    await _handle(self, event)
    begun, self.begun = getattr(self, "begun", False), _has_begun(self)  # type: ignore[attr-defined]
    if self.begun and not begun and self.keep_alive_requests:  # type: ignore[attr-defined]
        await self.send(Updated(idle=True))
    connection = current_connection.get()
    if connection is not None and self.connection.their_state not in (h11.IDLE, h11.SEND_BODY):
        connection.limits.mark_busy(connection)


async def _read_until_gone(self: TCPServer) -> None:
    """Closes at once what the peer has closed; Hypercorn keeps it, and its file, until the keep-alive timeout."""
    with contextlib.suppress(OSError):
        while data := await self.reader.read(MAX_RECV):
            await self.protocol.handle(RawData(data))
    await self.protocol.handle(Closed())
    await self.idle_task.stop()


async def _idle_timeout(self: TCPServer) -> None:
    """Closes a connection whose headers are not complete in 10 s, or that nobody used since its last request."""
    protocol: Any = self.protocol.protocol
    awaited = not protocol.keep_alive_requests or _has_begun(protocol)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(
            self.context.terminated.wait(), HEADERS_SECONDS if awaited else self.config.keep_alive_timeout
        )
    await asyncio.shield(self._initiate_server_close())


async def _send(self: TCPServer, event: Event) -> None:
    """Writes, and waits for a slow reader for as long as it reads at all."""
    if not isinstance(event, RawData):
        connection = current_connection.get()
        if connection is not None and isinstance(event, Updated) and event.idle:
            connection.limits.mark_idle(connection)
        await _protocol_send(self, event)
        return
    async with self.send_lock:
        try:
            self.writer.write(event.data)
            await _drain(self.writer)
        except (ConnectionError, RuntimeError):
            await self.protocol.handle(Closed())


async def _drain(writer: asyncio.StreamWriter) -> None:
    while unread := writer.transport.get_write_buffer_size():
        try:
            async with asyncio.timeout(STALLED_SECONDS):
                await writer.drain()
                return
        except TimeoutError:
            if writer.transport.get_write_buffer_size() >= unread:
                writer.transport.abort()
    await writer.drain()


async def _close(self: TCPServer) -> None:
    """Closes; what is unsent gets a few seconds to be read."""
    last_moment = self.loop.call_later(CLOSING_SECONDS, self.writer.transport.abort)
    try:
        with contextlib.suppress(NotImplementedError, OSError, RuntimeError):  # likely TLS
            self.writer.write_eof()
        self.writer.close()
        await self.writer.wait_closed()
    except (OSError, RuntimeError, asyncio.CancelledError):
        pass  # already closed
    finally:
        last_moment.cancel()
        await self.idle_task.stop()


async def _initiate_server_close(self: TCPServer) -> None:
    await self.protocol.handle(Closed())
    await _close(self)


def apply() -> None:
    """Patches Hypercorn for the whole process; idempotent."""
    vars(ws_stream)["PerMessageDeflate"] = NoDeflate
    vars(h11_protocol)["WSStream"] = QuietStream
    H11Protocol._check_protocol = _refuse_upgrades  # type: ignore[method-assign]  # noqa: SLF001
    H11Protocol._create_stream = _refuse_two_lengths  # type: ignore[method-assign]  # noqa: SLF001
    H11Protocol.handle = _notice_a_beginning  # type: ignore[method-assign]
    TCPServer._read_data = _read_until_gone  # type: ignore[method-assign]  # noqa: SLF001
    TCPServer._idle_timeout = _idle_timeout  # type: ignore[method-assign]  # noqa: SLF001
    TCPServer._close = _close  # type: ignore[method-assign]  # noqa: SLF001
    TCPServer._initiate_server_close = _initiate_server_close  # type: ignore[method-assign]  # noqa: SLF001
    TCPServer.protocol_send = _send  # type: ignore[method-assign]
