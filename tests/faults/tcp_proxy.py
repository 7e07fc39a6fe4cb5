"""A TCP link that a test can cut, silence, delay, slice and rob of notifications; a proxy on the loopback."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from tests.faults.postgres_frames import Thief

CHUNK = 65536
Filter = Callable[[bytes], bytes]


class Link:
    """From its own port to another one. What is under way when it falls silent waits in the kernel's buffers.

    `accepted` counts the connections that were ever made to it.
    """

    def __init__(self, host: str, port: int, dice: random.Random, *, postgres: bool = False) -> None:
        self.target = (host, port)
        self.port = 0
        self.dice = dice
        self.delay_seconds = 0.0
        self.slices = False
        self.notifications_to_swallow = 0
        self.accepted = 0
        self._postgres = postgres
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Link"]:
        server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, backlog=512)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.cut()
            for task in tuple(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def silence(self) -> None:
        """Carries nothing more in either direction, and says so to nobody."""
        self._flowing.clear()

    def cut(self) -> None:
        """Resets every connection."""
        for writer in tuple(self._writers):
            writer.transport.abort()

    def heal(self) -> None:
        """Is a plain link again; what was held back arrives."""
        self.delay_seconds, self.slices, self.notifications_to_swallow = 0.0, False, 0
        self._flowing.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.accepted += 1
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            await self._flowing.wait()
            far_reader, far_writer = await asyncio.open_connection(*self.target)
        except (OSError, asyncio.CancelledError):
            writer.transport.abort()
            self._forget(task, writer)
            return
        self._writers.add(far_writer)
        thief = Thief(self._steal).pass_on if self._postgres else None
        pumps = [
            asyncio.ensure_future(self._pump(reader, far_writer, None)),
            asyncio.ensure_future(self._pump(far_reader, writer, thief)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait(pumps, timeout=1.0)  # a half-closed connection may still have something to say
        except asyncio.CancelledError:
            pass
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            for each in (writer, far_writer):
                each.transport.abort()
            self._forget(task, writer, far_writer)

    def _forget(self, task: asyncio.Task[None], *writers: asyncio.StreamWriter) -> None:
        self._tasks.discard(task)
        self._writers.difference_update(writers)

    def _steal(self) -> bool:
        if self.notifications_to_swallow:
            self.notifications_to_swallow -= 1
            return True
        return False

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, only: Filter | None) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(CHUNK):
                if self.delay_seconds:
                    await asyncio.sleep(self.delay_seconds)
                await self._flowing.wait()
                for piece in self._pieces(only(data) if only else data):
                    writer.write(piece)
                    await writer.drain()
                    if self.slices:
                        await asyncio.sleep(0)
            if writer.can_write_eof():
                writer.write_eof()

    def _pieces(self, data: bytes) -> list[bytes]:
        """Bytes one by one at the beginning, where headers and lengths are, then small pieces."""
        if not self.slices:
            return [data] if data else []
        pieces, at = [data[each : each + 1] for each in range(min(48, len(data)))], 48
        while at < len(data):
            size = self.dice.randint(1, 400)
            pieces.append(data[at : at + size])
            at += size
        return pieces
