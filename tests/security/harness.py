"""A frontend in a process of its own, so that what a hostile client costs it can be measured from outside."""

import asyncio
import contextlib
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGTERM
from typing import Any

import httpx

from apps.kit.paths import ROOT
from apps.kit.process.child_process import spawn
from tests.cafe import PASSWORD, SECRET, RunningCafe, eventually, run_cafe

MEGABYTE = 1 << 20
MOST_COST = 10 * MEGABYTE
GONE_WITHIN_SECONDS = 10.0
NORMAL_SECONDS = 10.0  # the handshake_seconds of every test; how quick it is, is printed and not asserted


@dataclass
class Growth:
    """By how many bytes a process grew at its largest."""

    bytes: int = 0


@dataclass
class Harness:
    """The café, and its frontend's process."""

    cafe: RunningCafe
    pid: int
    knocks: "list[Knock]" = field(default_factory=list)

    @property
    def port(self) -> int:
        return self.cafe.settings.frontend_port

    def memory(self, line: str) -> int:
        """Bytes of resident memory, now (VmRSS) or at most since the last reset (VmHWM); proc(5)."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        (kilobytes,) = [each.split()[1] for each in status.splitlines() if each.startswith(line + ":")]
        return int(kilobytes) * 1024

    @contextlib.contextmanager
    def growth(self) -> Iterator[Growth]:
        """What happens inside costs the frontend so much at its worst moment."""
        before, growth = self.memory("VmRSS"), Growth()
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")
        yield growth
        growth.bytes = self.memory("VmHWM") - before

    async def knock(self, request: bytes, buffer: int = 0, source: str = "127.0.0.1") -> "Knock":
        """A connection on which these bytes were sent; `buffer` is how much the kernel takes for who does not read."""
        sock = socket.socket()
        sock.bind((source, 0))
        if buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        sock.setblocking(False)  # noqa: FBT003 - its one argument
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", self.port))
        reader, writer = await asyncio.open_connection(sock=sock)
        writer.write(request)
        self.knocks.append(Knock(reader, writer))
        return self.knocks[-1]

    async def open_socket(self, path: str = "/ws/display", *more: str, buffer: int = 0) -> "Knock":
        """A websocket whose handshake is done, with nothing that would answer for it."""
        knock = await self.knock(handshake(path, *more), buffer)
        assert (await knock.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
        return knock


@dataclass
class Knock:
    """One connection of somebody who does not play by the rules."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def keep_sending(self, data: bytes, seconds: float = 3 * GONE_WITHIN_SECONDS) -> float:
        """Sends the same again and again, reading nothing, until it is cut off; the seconds that took."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(seconds):
                while True:
                    self.writer.write(data)
                    await self.writer.drain()
        except OSError:
            return time.monotonic() - began

    async def drip(self) -> None:
        """Sends a byte now and then."""
        with contextlib.suppress(OSError):
            while True:
                self.writer.write(b"x")
                await self.writer.drain()
                await asyncio.sleep(0.5)

    async def until_cut_off(self, seconds: float = 3 * GONE_WITHIN_SECONDS) -> float:
        """Reads until the other side ends it; the seconds that took."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(seconds):
                while await self.reader.read(1 << 16):
                    pass
        except ConnectionError:
            pass
        return time.monotonic() - began


def handshake(path: str = "/ws/display", *more: str) -> bytes:
    lines = [
        f"GET {path} HTTP/1.1", "Host: cafe", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", *more,
    ]  # fmt: skip
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def frame(payload: bytes, first: int = 0x81) -> bytes:
    """A client's frame (RFC 6455 section 5.2), masked with zeros."""
    length = len(payload)
    if length < 126:
        head = bytes((first, 0x80 | length))
    elif length < 1 << 16:
        head = bytes((first, 0x80 | 126)) + length.to_bytes(2, "big")
    else:
        head = bytes((first, 0x80 | 127)) + length.to_bytes(8, "big")
    return head + bytes(4) + payload


@asynccontextmanager
async def open_harness(
    database_url: str, folder: Path, *, files: int | None = None, verify: Any = True, **variables: str
) -> AsyncIterator[Harness]:
    """Orders and kitchen in this process, the frontend in one of its own, which may have so many `files` open."""
    tls = {name: value for name, value in variables.items() if name.startswith("CAFE_TLS")}
    async with run_cafe(database_url, names=("orders", "kitchen"), verify=verify, **tls) as cafe:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CAFE_")} | {
            "CAFE_FRONTEND_PORT": str(cafe.settings.frontend_port),
            "CAFE_ORDERS_URL": cafe.orders,
            "CAFE_KITCHEN_URL": cafe.kitchen,
            "CAFE_LISTEN_URL": database_url,
            "CAFE_SECRET": SECRET,
            "CAFE_STAFF_PASSWORD": PASSWORD,
            "CAFE_STATE_DIR": str(folder),
            "CAFE_RATE_LIMITS": "off",
            "CAFE_LOG": "json",
            "PYTHONPATH": str(ROOT),
            **variables,
        }
        with (folder / "frontend.log").open("wb") as log:
            command = [sys.executable, "-P", "-m", "apps", "serve", "frontend"]
            if files is not None:
                command = ["/bin/sh", "-c", f'ulimit -n {files}; exec "$@"', "sh", *command]
            process = await spawn(command, SIGTERM, stdout=log, stderr=log, env=environment)
        knocks: list[Knock] = []
        try:
            await eventually(lambda: _answers(cafe), 60)
            harness = Harness(cafe, process.pid, knocks)
            yield harness
        finally:
            for each in knocks:
                each.writer.transport.abort()
            process.terminate()
            await asyncio.wait_for(process.wait(), 15)


async def _answers(cafe: RunningCafe) -> bool:
    try:
        return (await cafe.http.get(f"{cafe.frontend}/health")).status_code == 200
    except httpx.TransportError:
        return False


@asynccontextmanager
async def costs_next_to_nothing(harness: Harness) -> AsyncIterator[None]:
    """What happens inside costs the frontend at most 10 MB, and an honest screen notices nothing of it."""
    number = (await harness.cafe.order())["order_number"]
    async with harness.cafe.screen(f"/ws/orders/{number}") as honest:
        await honest.next()
        with harness.growth() as cost:
            asking = asyncio.create_task(_steps(harness, number))
            yield
            took = await asking
        while honest.seen[-1].get("order", {}).get("status") != "ready":
            await asyncio.wait_for(honest.change(), NORMAL_SECONDS)
        print(f"cost {cost.bytes / MEGABYTE:.1f} MB; the honest one's steps took {took:.2f} s")
        assert cost.bytes <= MOST_COST
        assert took <= NORMAL_SECONDS


async def _steps(harness: Harness, number: str) -> float:
    """The slower of two steps taken in the middle of it all, until the frontend shows it; seconds."""
    times = []
    for step in ("start", "ready"):
        await asyncio.sleep(0.3)  # so that the hostile client is well under way
        began = time.monotonic()
        assert (await harness.cafe.step(number, step)).status_code == 200
        times.append(time.monotonic() - began)
    return max(times)
