"""Thousands of screens in one process: raw connections that say hello, answer pings, and note when a change comes."""

import asyncio
import base64
import os
import time
from typing import cast
from urllib.parse import urlsplit

AT_ONCE = 100
MASKED_EMPTY_PONG = bytes((0x8A, 0x80, 0, 0, 0, 0))
PING = 0x9


class Crowd:
    """All who watch one path; `marks` are the moments at which each of them had the present change."""

    def __init__(self, base: str, path: str) -> None:
        parts = urlsplit(base)
        self.host, self.port = parts.hostname or "127.0.0.1", parts.port or 80
        self.path = path
        self.screens: list[_Screen] = []
        self.marks: list[float] = []
        self.lost = 0
        self._all = asyncio.Event()

    async def grow(self, number: int) -> None:
        """Lets so many more come in, a hundred at a time."""
        loop = asyncio.get_running_loop()
        for begin in range(0, number, AT_ONCE):
            group = [
                loop.create_connection(lambda: _Screen(self), self.host, self.port)
                for _ in range(min(AT_ONCE, number - begin))
            ]
            opened = [protocol for _, protocol in await asyncio.gather(*group)]
            await asyncio.wait_for(asyncio.gather(*(screen.ready for screen in opened)), 60)
            self.screens += opened

    def heard(self) -> None:
        """One more has the change."""
        self.marks.append(time.time())
        if len(self.marks) == len(self.screens):
            self._all.set()

    def expect(self) -> None:
        """From now on the next change is awaited."""
        self.marks.clear()
        self._all.clear()

    async def all_heard(self) -> None:
        """Until everybody has it."""
        await asyncio.wait_for(self._all.wait(), 60)

    def leave(self) -> None:
        """Everybody goes."""
        for screen in self.screens:
            screen.transport.abort()


class _Screen(asyncio.Protocol):
    """One connection (RFC 6455 section 5.2; a server's frames are not masked)."""

    transport: asyncio.Transport

    def __init__(self, crowd: Crowd) -> None:
        self.crowd = crowd
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's own are not of that class
        key = base64.b64encode(os.urandom(16)).decode()
        self.transport.write(
            f"GET {self.crowd.path} HTTP/1.1\r\nHost: {self.crowd.host}:{self.crowd.port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self.ready.done():
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            if b" 101 " not in head.split(b"\r\n")[0]:
                self.ready.set_exception(ConnectionRefusedError(head[:200].decode("latin-1")))
                return
            self._buffer = rest
            self.ready.set_result(None)
        self._read_frames()

    def _read_frames(self) -> None:
        while len(self._buffer) >= 2:
            length, start = self._buffer[1], 2
            if length == 126:
                length, start = int.from_bytes(self._buffer[2:4], "big"), 4
            elif length == 127:
                length, start = int.from_bytes(self._buffer[2:10], "big"), 10
            if len(self._buffer) < start + length:
                return
            kind, payload = self._buffer[0] & 0xF, self._buffer[start : start + length]
            self._buffer = self._buffer[start + length :]
            if kind == PING:
                self.transport.write(MASKED_EMPTY_PONG)
            elif payload.startswith(b'{"type":"change"'):
                self.crowd.heard()

    def connection_lost(self, error: Exception | None) -> None:
        self.crowd.lost += 1
        if not self.ready.done():
            self.ready.set_exception(error or ConnectionResetError("closed during the handshake"))
