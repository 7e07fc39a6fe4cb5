"""Hypercorn's HTTP on connections that we accept ourselves: its own server takes everybody, and counts nobody."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import structlog
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.asyncio.lifespan import Lifespan
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.typing import LifespanState

from apps.kit.doorway import Doorway, Guest, here

log = structlog.get_logger("cafe.serving")

AT_ONCE = 4
"""So many are let in before those who are in get their turn: whoever speaks at once is never one who must make room."""
OUT_OF_FILES_SECONDS = 0.1
MADE_ROOM_FOR = 16
AFTER_CANCELLING_SECONDS = 1.0
NOTHING_LEFT_TO_SAY = struct.pack("ii", 1, 0)


class Entrance:
    """Accepts from a listening socket, hands each connection on to a task of its own, and ends them at the end."""

    def __init__(self, listener: socket.socket, doorway: Doorway, attend: Callable[[socket.socket], Awaitable[None]]):
        self._loop = asyncio.get_running_loop()
        self._listener = listener
        self._doorway = doorway
        self._attend = attend
        self._tasks: set[asyncio.Task[None]] = set()
        self._again: asyncio.TimerHandle | None = None

    def open(self) -> None:
        """Accepts from now on."""
        self._listener.setblocking(False)  # noqa: FBT003 - its one argument
        self._loop.add_reader(self._listener, self._accept)

    def shut(self) -> None:
        """Accepts nobody any more."""
        if self._again is not None:
            self._again.cancel()
        self._loop.remove_reader(self._listener)
        for guest in self._doorway.shut():
            guest.door.close()

    async def until_empty(self, seconds: float) -> None:
        """Waits for those inside, then ends what is left."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=seconds)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=AFTER_CANCELLING_SECONDS)

    def _accept(self) -> None:
        for _ in range(AT_ONCE):
            try:
                door, address = self._listener.accept()
            except (BlockingIOError, InterruptedError):
                return
            except ConnectionAbortedError:
                continue
            except OSError as error:
                self._out_of_files(error)
                return
            self._welcome(door, str(address[0]))

    def _welcome(self, door: socket.socket, address: str) -> None:
        door.setblocking(False)  # noqa: FBT003 - its one argument
        if not self._doorway.let_in(Guest(self._doorway, door, address, self._begin)):
            with contextlib.suppress(OSError):
                door.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NOTHING_LEFT_TO_SAY)
            door.close()

    def _begin(self, guest: Guest) -> None:
        task = self._loop.create_task(self._receive(guest))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _receive(self, guest: Guest) -> None:
        here.set(guest)
        try:
            await self._attend(guest.door)
        except OSError:
            guest.door.close()  # the handshake came to nothing
        finally:
            self._doorway.forget(guest)

    def _out_of_files(self, error: OSError) -> None:
        log.warning("cannot accept a connection", reason=error.strerror)
        self._doorway.make_room(MADE_ROOM_FOR)
        self._loop.remove_reader(self._listener)
        self._again = self._loop.call_later(OUT_OF_FILES_SECONDS, self.open)


@contextlib.asynccontextmanager
async def _alive(app: ASGIWrapper, config: Config, state: LifespanState) -> AsyncIterator[None]:
    """The app between its start and its end. Raises LifespanFailureError where it cannot start."""
    lifespan = Lifespan(app, config, asyncio.get_running_loop(), state)
    living = asyncio.ensure_future(lifespan.handle_lifespan())
    await lifespan.wait_for_startup()
    if living.done():
        living.result()
    try:
        yield
    finally:
        await lifespan.wait_for_shutdown()
        living.cancel()
        await asyncio.gather(living, return_exceptions=True)


async def serve(
    app: Any, config: Config, listener: socket.socket, doorway: Doorway, until: Callable[[], Awaitable[None]]
) -> None:
    """Serves `app` until `until` returns. Raises LifespanFailureError where it cannot start."""
    loop, state, context = asyncio.get_running_loop(), LifespanState({}), WorkerContext(None)
    wrapped = ASGIWrapper(app)
    tls = config.create_ssl_context() if config.ssl_enabled else None
    patience = config.ssl_handshake_timeout if tls else None

    async def attend(door: socket.socket) -> None:
        reader = asyncio.StreamReader(loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        transport, _ = await loop.connect_accepted_socket(
            lambda: protocol, door, ssl=tls, ssl_handshake_timeout=patience
        )
        writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        server = TCPServer(wrapped, loop, config, context, state, reader, writer)
        try:
            await server
        finally:
            vars(server).clear()  # it knows its protocol and is known by it, and so would outlast its connection

    async with _alive(wrapped, config, state):
        entrance = Entrance(listener, doorway, attend)
        entrance.open()
        try:
            await until()
        finally:
            await context.terminated.set()
            entrance.shut()
            await entrance.until_empty(config.graceful_timeout)
