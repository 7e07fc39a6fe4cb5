"""Runs Hypercorn's HTTP protocol on connections accepted here, because its own server limits nobody."""

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

from apps.kit.process import tasks
from apps.kit.server.connection_limits import Connection, ConnectionLimits, current_connection

log = structlog.get_logger("cafe.serving")

AT_ONCE = 4
"""Connections accepted per turn of the loop, so that those that send at once are busy before the next are admitted."""
OUT_OF_FILES_SECONDS = 0.1
MADE_ROOM_FOR = 16
AFTER_CANCELLING_SECONDS = 1.0
NOTHING_LEFT_TO_SAY = struct.pack("ii", 1, 0)


class Acceptor:
    """Accepts from a listening socket and runs a task for each connection until `close`."""

    def __init__(
        self, listener: socket.socket, limits: ConnectionLimits, handle: Callable[[socket.socket], Awaitable[None]]
    ):
        self._loop = asyncio.get_running_loop()
        self._listener = listener
        self._limits = limits
        self._handle = handle
        self._tasks: set[asyncio.Task[None]] = set()
        self._again: asyncio.TimerHandle | None = None

    def open(self) -> None:
        """Starts accepting."""
        self._listener.setblocking(False)  # noqa: FBT003 - its one argument
        self._loop.add_reader(self._listener, self._accept)

    def close(self) -> None:
        """Stops accepting."""
        if self._again is not None:
            self._again.cancel()
        self._loop.remove_reader(self._listener)
        for connection in self._limits.close():
            connection.sock.close()

    async def wait_until_closed(self, seconds: float) -> None:
        """Waits that long for open connections, then cancels what is left."""
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
                sock, address = self._listener.accept()
            except (BlockingIOError, InterruptedError):
                return
            except ConnectionAbortedError:
                continue
            except OSError as error:
                self._out_of_files(error)
                return
            self._admit(sock, str(address[0]))

    def _admit(self, sock: socket.socket, address: str) -> None:
        sock.setblocking(False)  # noqa: FBT003 - its one argument
        if not self._limits.admit(Connection(self._limits, sock, address, self._begin)):
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NOTHING_LEFT_TO_SAY)
            sock.close()

    def _begin(self, connection: Connection) -> None:
        task = tasks.start("connection", self._receive(connection))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _receive(self, connection: Connection) -> None:
        current_connection.set(connection)
        try:
            await self._handle(connection.sock)
        except OSError:
            connection.sock.close()  # the TLS handshake failed
        finally:
            self._limits.remove(connection)

    def _out_of_files(self, error: OSError) -> None:
        log.warning("cannot accept a connection", reason=error.strerror)
        self._limits.evict_idle(MADE_ROOM_FOR)
        self._loop.remove_reader(self._listener)
        self._again = self._loop.call_later(OUT_OF_FILES_SECONDS, self.open)


@contextlib.asynccontextmanager
async def _alive(app: ASGIWrapper, config: Config, state: LifespanState) -> AsyncIterator[None]:
    """The app between its start and its end. Raises LifespanFailureError where it cannot start."""
    lifespan = Lifespan(app, config, asyncio.get_running_loop(), state)
    living = tasks.start("lifespan", lifespan.handle_lifespan())
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
    app: Any, config: Config, listener: socket.socket, limits: ConnectionLimits, until: Callable[[], Awaitable[None]]
) -> None:
    """Serves `app` until `until` returns. Raises LifespanFailureError where it cannot start."""
    loop, state, context = asyncio.get_running_loop(), LifespanState({}), WorkerContext(None)
    wrapped = ASGIWrapper(app)
    tls = config.create_ssl_context() if config.ssl_enabled else None
    handshake_seconds = config.ssl_handshake_timeout if tls else None

    async def handle(sock: socket.socket) -> None:
        reader = asyncio.StreamReader(loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        transport, _ = await loop.connect_accepted_socket(
            lambda: protocol, sock, ssl=tls, ssl_handshake_timeout=handshake_seconds
        )
        writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        server = TCPServer(wrapped, loop, config, context, state, reader, writer)
        try:
            await server
        finally:
            vars(server).clear()  # it knows its protocol and is known by it, and so would outlast its connection

    async with _alive(wrapped, config, state):
        entrance = Acceptor(listener, limits, handle)
        entrance.open()
        try:
            await until()
        finally:
            await context.terminated.set()
            entrance.close()
            await entrance.wait_until_closed(config.graceful_timeout)
