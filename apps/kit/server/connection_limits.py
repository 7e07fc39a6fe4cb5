"""Limits on open connections: in all, per network, and for what the system allows; idle ones are evicted for new ones.

A connection is idle while its peer must send next: a handshake, headers, a body, the next request. Idle connections
cost up to 90 KB each and their peers nothing, so they are limited. A connection with a request in progress is never
evicted: where all are busy, newcomers are queued as bare sockets. Live streams are limited by whoever opens them.
"""

import contextlib
import itertools
import socket
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator
from contextvars import ContextVar

import structlog

from apps.kit.web.rate_limits import network

log = structlog.get_logger("cafe.limits")

MOST_WAITING_TO_ENTER = 1000
LOG_EVERY_SECONDS = 60.0


class Connection:
    """One accepted socket; `enter` is called once it is admitted."""

    __slots__ = ("answered", "enter", "is_live_stream", "limits", "network", "sock")

    def __init__(
        self, limits: "ConnectionLimits", sock: socket.socket, address: str, enter: "Callable[[Connection], object]"
    ) -> None:
        self.limits = limits
        self.sock = sock
        self.network = network(address)
        self.enter = enter
        self.answered = False
        self.is_live_stream = False

    def evict(self) -> None:
        """Shuts the socket down, in whatever state it is, and forgets it."""
        with contextlib.suppress(OSError):  # the peer has closed it already
            self.sock.shutdown(socket.SHUT_RDWR)
        self.limits.remove(self)


class IdleQueue:
    """Idle connections in the order in which they are evicted.

    Those that were answered before go first: opening a new connection costs their peers little.
    """

    def __init__(self) -> None:
        self._orders: dict[bool, OrderedDict[Connection, None]] = {True: OrderedDict(), False: OrderedDict()}

    def add(self, connection: Connection) -> None:
        """Adds a connection; one that is queued already keeps its place."""
        self._orders[connection.answered].setdefault(connection)

    def discard(self, connection: Connection) -> None:
        """Removes a connection that is not idle any more."""
        for order in self._orders.values():
            order.pop(connection, None)

    def __iter__(self) -> Iterator[Connection]:
        return itertools.chain(self._orders[True], self._orders[False])

    def __bool__(self) -> bool:
        return any(self._orders.values())


class ConnectionLimits:
    """Counts connections: in all, from one network, and, live streams included, against the limit of open files."""

    def __init__(self, most: int, most_from_one_network: int, most_with_streams: int) -> None:
        self._most = most
        self._most_from_one_network = most_from_one_network
        self._most_with_streams = most_with_streams
        self._open: set[Connection] = set()
        self._live_streams = 0
        self._from: Counter[str] = Counter()
        self._idle = IdleQueue()
        self._idle_from: dict[str, IdleQueue] = {}
        self._waiting: dict[str, deque[Connection]] = {}
        self._admitting = False
        self._logged_at = -LOG_EVERY_SECONDS

    def admit(self, connection: Connection) -> bool:
        """Admits a connection now, or queues it until there is room; False where the queue of its network is full."""
        line = self._waiting.setdefault(connection.network, deque())
        line.append(connection)
        self._admit_waiting(connection.network)
        if connection in self._open or (
            len(line) <= MOST_WAITING_TO_ENTER and self._files() <= self._most_with_streams
        ):
            return True
        line.pop()
        if not line:
            del self._waiting[connection.network]
        return False

    def _files(self) -> int:
        return len(self._open) + sum(len(line) for line in self._waiting.values())

    def evict_idle(self, places: int) -> None:
        """Evicts the longest idle connections: the process has no file descriptors left."""
        for connection in tuple(itertools.islice(self._idle, places)):
            connection.evict()

    def close(self) -> list[Connection]:
        """Admits nothing from now on; returns what was still queued."""
        outside = [connection for line in self._waiting.values() for connection in line]
        self._waiting.clear()
        return outside

    def mark_idle(self, connection: Connection) -> None:
        """Marks a connection as idle: its peer must send next. Sending a part of a request does not renew its place."""
        if connection in self._open and not connection.is_live_stream:
            self._idle.add(connection)
            self._idle_from.setdefault(connection.network, IdleQueue()).add(connection)
            self._admit_waiting(connection.network)

    def mark_busy(self, connection: Connection) -> None:
        """Marks a connection as busy: a request is complete, and we owe an answer."""
        connection.answered = True
        self._idle.discard(connection)
        idle_from_network = self._idle_from.get(connection.network, IdleQueue())
        idle_from_network.discard(connection)
        if not idle_from_network:
            self._idle_from.pop(connection.network, None)

    def remove(self, connection: Connection) -> None:
        """Forgets a connection that is closed or evicted."""
        if connection in self._open:
            self.end_live_stream(connection)
            self.mark_busy(connection)
            self._open.remove(connection)
            self._count(connection, -1)
            self._admit_waiting(connection.network)

    def begin_live_stream(self, connection: Connection) -> None:
        """Counts a connection as a live stream from now on; those have a limit of their own."""
        if connection in self._open and not connection.is_live_stream:
            self.mark_busy(connection)
            connection.is_live_stream = True
            self._live_streams += 1
            self._count(connection, -1)
            self._admit_waiting(connection.network)

    def end_live_stream(self, connection: Connection) -> None:
        """Counts it as an ordinary connection again."""
        if connection.is_live_stream:
            connection.is_live_stream = False
            self._live_streams -= 1
            self._count(connection, 1)

    def _admit_waiting(self, where: str) -> None:
        """Admits queued connections while there is room: first those of network `where`, then the longest queued."""
        if self._admitting:
            return
        self._admitting = True
        try:
            for each in (where, next(iter(self._waiting), where)):
                line = self._waiting.get(each, deque())
                while line and self._has_room(each):
                    self._start(line.popleft())
                if not line:
                    self._waiting.pop(each, None)
        finally:
            self._admitting = False

    def _start(self, connection: Connection) -> None:
        self._open.add(connection)
        self._count(connection, 1)
        self.mark_idle(connection)
        connection.enter(connection)

    def _has_room(self, where: str) -> bool:
        """Whether one more of that network may be admitted, after evicting what may be evicted."""
        while (waiting := self._idle_to_evict(where)) is not None:
            self._log(where)
            if not waiting:
                return False
            next(iter(waiting)).evict()
        return True

    def _idle_to_evict(self, where: str) -> IdleQueue | None:
        """The queue of which one must be evicted, longest idle first; None while there is room."""
        if self._from[where] >= self._most_from_one_network:
            return self._idle_from.get(where, IdleQueue())
        if len(self._open) - self._live_streams >= self._most or len(self._open) >= self._most_with_streams:
            return self._idle
        return None

    def _count(self, connection: Connection, change: int) -> None:
        self._from[connection.network] += change
        if not self._from[connection.network]:
            del self._from[connection.network]

    def _log(self, where: str) -> None:
        now = time.monotonic()
        if now - self._logged_at >= LOG_EVERY_SECONDS:
            self._logged_at = now
            log.warning(
                "connection limit reached: evicting idle connections", address=where, connections=len(self._open)
            )


current_connection: ContextVar[Connection | None] = ContextVar("connection", default=None)
"""The connection that the present task serves."""


@contextlib.contextmanager
def is_live_stream() -> Iterator[None]:
    """Counts the present connection as a live stream while the block runs."""
    connection = current_connection.get()
    if connection is not None:
        connection.limits.begin_live_stream(connection)
    try:
        yield
    finally:
        if connection is not None:
            connection.limits.end_live_stream(connection)
