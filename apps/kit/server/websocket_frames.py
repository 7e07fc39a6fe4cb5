"""Websocket frames as bytes (RFC 6455 section 5.2), and the shortest way from us to the wire.

A frame from server to client is not masked, so it is the same for every client: made once, written many times.
Hypercorn keeps the transport behind the ASGI `send`; this is the only place that knows the way there.
"""

import asyncio
import math
import struct
from typing import Any

from hypercorn.protocol.ws_stream import WSStream

_TEXT_AND_FINAL = 0x81
_PING_AND_FINAL = 0x89


def _frame(first: int, payload: bytes) -> bytes:
    length = len(payload)
    if length < 126:
        return bytes((first, length)) + payload
    if length < 1 << 16:
        return struct.pack("!BBH", first, 126, length) + payload
    return struct.pack("!BBQ", first, 127, length) + payload


def text_frame(payload: bytes) -> bytes:
    """One whole, final text message; `payload` is UTF-8."""
    return _frame(_TEXT_AND_FINAL, payload)


PING = _frame(_PING_AND_FINAL, b"")


def transport_behind(send: Any) -> asyncio.WriteTransport | None:
    """The transport under an accepted HTTP/1.1 websocket, or None where this server keeps it elsewhere."""
    try:
        stream = send.__self__
        if not isinstance(stream, WSStream):
            return None
        transport = stream.send.__self__.send.__self__.writer.transport  # type: ignore[attr-defined]
    except AttributeError:
        return None
    return transport if hasattr(transport, "get_write_buffer_size") else None


def heard_at(send: Any) -> float:
    """When (time.monotonic) anything at all last came from an accepted websocket's client; infinity if not known."""
    inbound = getattr(getattr(send, "__self__", None), "inbound", None)
    return math.inf if inbound is None else float(inbound.heard)
