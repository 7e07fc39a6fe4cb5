"""A websocket client (RFC 6455) on wsproto, which the services depend on anyway."""

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Ping, RejectConnection, Request, TextMessage
from wsproto.utilities import ProtocolError

OPEN_SECONDS = 10.0
SILENCE_SECONDS = 25.0


class Lost(Exception):
    """The connection ended, or was silent for longer than two heartbeats."""


class Refused(Exception):
    """The handshake was refused with an HTTP status; `wait` is its Retry-After, in seconds."""

    def __init__(self, status: int, wait: float) -> None:
        super().__init__(f"refused with {status}")
        self.status, self.wait = status, wait


@dataclass
class Socket:
    """An open websocket."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    connection: WSConnection = field(default_factory=lambda: WSConnection(ConnectionType.CLIENT))

    async def shake_hands(self, host: str, target: str, headers: dict[str, str]) -> None:
        """Raises Refused or Lost."""
        extra = [(name.encode(), value.encode()) for name, value in headers.items()]
        self.writer.write(self.connection.send(Request(host=host, target=target, extra_headers=extra)))
        async for event in self._events():
            match event:
                case AcceptConnection():
                    return
                case RejectConnection():
                    wait = dict(event.headers).get(b"retry-after", b"").decode()
                    raise Refused(event.status_code, float(wait) if wait.isdecimal() else 1.0)

    async def messages(self) -> AsyncIterator[dict[str, Any]]:
        """The messages received. Raises Lost when the connection ends."""
        text = ""
        async for event in self._events():
            match event:
                case TextMessage():
                    text += event.data
                    if event.message_finished:
                        whole, text = text, ""
                        yield json.loads(whole)
                case Ping():
                    self.writer.write(self.connection.send(event.response()))
                case CloseConnection():
                    with contextlib.suppress(ProtocolError):
                        self.writer.write(self.connection.send(event.response()))
                    raise Lost(f"closed with {event.code}")

    async def _events(self) -> AsyncIterator[Any]:
        while True:
            for event in self.connection.events():
                yield event
            try:
                # not wait_for: on Python 3.11 it loses a cancellation that arrives together with the result
                async with asyncio.timeout(SILENCE_SECONDS):
                    received = await self.reader.read(65_536)
                self.connection.receive_data(received)
            except (OSError, ProtocolError) as error:
                raise Lost(type(error).__name__) from error
            if not received:
                raise Lost("the connection ended")


@asynccontextmanager
async def open_socket(
    address: str, headers: dict[str, str], *, certificate: ssl.SSLContext | bool
) -> AsyncIterator[Socket]:
    """`address` is an http or https URL. Raises Refused, Lost, or OSError where nothing listens."""
    parts = urlsplit(address)
    secure = parts.scheme == "https"
    async with asyncio.timeout(OPEN_SECONDS):
        reader, writer = await asyncio.open_connection(
            parts.hostname, parts.port or (443 if secure else 80), ssl=certificate if secure else None
        )
    try:
        socket = Socket(reader, writer)
        async with asyncio.timeout(OPEN_SECONDS):
            await socket.shake_hands(parts.netloc, f"{parts.path}?{parts.query}", headers)
        yield socket
    finally:
        writer.close()
