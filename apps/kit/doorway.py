"""How many connections there may be: who keeps us waiting longest makes room for who comes.

A connection keeps us waiting while the next word is its peer's: a handshake, headers, a body, the next request. Such
costs us up to 90 KB and a peer nothing, so there is a bound on them. Whom we owe an answer is never sent away: where
all are, newcomers wait outside as bare sockets. A live stream has a seat, which is counted by who gives it.
"""

import contextlib
import itertools
import socket
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator
from contextvars import ContextVar

import structlog

from apps.kit.limits import network

log = structlog.get_logger("cafe.doorway")

MOST_OUTSIDE = 1000
TELL_EVERY_SECONDS = 60.0


class Guest:
    """One connection; `enter` is called once it may come in."""

    __slots__ = ("answered", "door", "doorway", "enter", "network", "seated")

    def __init__(
        self, doorway: "Doorway", door: socket.socket, address: str, enter: "Callable[[Guest], object]"
    ) -> None:
        self.doorway = doorway
        self.door = door
        self.network = network(address)
        self.enter = enter
        self.answered = False
        self.seated = False

    def send_away(self) -> None:
        """Ends the connection, in whatever state it is."""
        with contextlib.suppress(OSError):  # it has gone by itself
            self.door.shutdown(socket.SHUT_RDWR)
        self.doorway.forget(self)


class Awaited:
    """Whose next word we wait for, in the order in which they are to make room.

    Who has had an answer goes before who has not been heard yet: opening the connection anew costs them little.
    """

    def __init__(self) -> None:
        self._orders: dict[bool, OrderedDict[Guest, None]] = {True: OrderedDict(), False: OrderedDict()}

    def add(self, guest: Guest) -> None:
        """Who is among them already stays where they are."""
        self._orders[guest.answered].setdefault(guest)

    def discard(self, guest: Guest) -> None:
        """Not awaited any more."""
        for order in self._orders.values():
            order.pop(guest, None)

    def __iter__(self) -> Iterator[Guest]:
        return itertools.chain(self._orders[True], self._orders[False])

    def __bool__(self) -> bool:
        return any(self._orders.values())


class Doorway:
    """Counts connections: in all, from one network, and with the seated ones those that the system lets us have."""

    def __init__(self, most: int, most_from_one_network: int, most_with_seats: int) -> None:
        self._most = most
        self._most_from_one_network = most_from_one_network
        self._most_with_seats = most_with_seats
        self._inside: set[Guest] = set()
        self._seated = 0
        self._from: Counter[str] = Counter()
        self._awaited = Awaited()
        self._awaited_from: dict[str, Awaited] = {}
        self._outside: dict[str, deque[Guest]] = {}
        self._moving_up = False
        self._told_at = -TELL_EVERY_SECONDS

    def let_in(self, guest: Guest) -> bool:
        """Lets somebody enter, now or when there is room; False where too many wait outside already."""
        line = self._outside.setdefault(guest.network, deque())
        line.append(guest)
        self._move_up(guest.network)
        if guest in self._inside or (len(line) <= MOST_OUTSIDE and self._files() <= self._most_with_seats):
            return True
        line.pop()
        if not line:
            del self._outside[guest.network]
        return False

    def _files(self) -> int:
        return len(self._inside) + sum(len(line) for line in self._outside.values())

    def make_room(self, places: int) -> None:
        """Sends away those who keep us waiting longest: the system has no more files for us."""
        for guest in tuple(itertools.islice(self._awaited, places)):
            guest.send_away()

    def shut(self) -> list[Guest]:
        """Lets nobody in any more; those who were outside."""
        outside = [guest for line in self._outside.values() for guest in line]
        self._outside.clear()
        return outside

    def wait_for(self, guest: Guest) -> None:
        """From now on we wait for its next word; saying a part of it does not begin this anew."""
        if guest in self._inside and not guest.seated:
            self._awaited.add(guest)
            self._awaited_from.setdefault(guest.network, Awaited()).add(guest)
            self._move_up(guest.network)

    def serve(self, guest: Guest) -> None:
        """It has said all it had to; now it waits for us."""
        guest.answered = True
        self._awaited.discard(guest)
        beside = self._awaited_from.get(guest.network, Awaited())
        beside.discard(guest)
        if not beside:
            self._awaited_from.pop(guest.network, None)

    def forget(self, guest: Guest) -> None:
        """It has gone, or is to go."""
        if guest in self._inside:
            self.stand_up(guest)
            self.serve(guest)
            self._inside.remove(guest)
            self._count(guest, -1)
            self._move_up(guest.network)

    def sit_down(self, guest: Guest) -> None:
        """It is a live stream from now on."""
        if guest in self._inside and not guest.seated:
            self.serve(guest)
            guest.seated = True
            self._seated += 1
            self._count(guest, -1)
            self._move_up(guest.network)

    def stand_up(self, guest: Guest) -> None:
        """It is a live stream no more."""
        if guest.seated:
            guest.seated = False
            self._seated -= 1
            self._count(guest, 1)

    def _move_up(self, where: str) -> None:
        """Lets those enter for whom there is room: first those from there, then whoever has been outside longest."""
        if self._moving_up:
            return
        self._moving_up = True
        try:
            for each in (where, next(iter(self._outside), where)):
                line = self._outside.get(each, deque())
                while line and self._has_room(each):
                    self._enter(line.popleft())
                if not line:
                    self._outside.pop(each, None)
        finally:
            self._moving_up = False

    def _enter(self, guest: Guest) -> None:
        self._inside.add(guest)
        self._count(guest, 1)
        self.wait_for(guest)
        guest.enter(guest)

    def _has_room(self, where: str) -> bool:
        """Whether one more from there may enter, after whoever can has made room."""
        while (waiting := self._who_must_make_room(where)) is not None:
            self._tell(where)
            if not waiting:
                return False
            next(iter(waiting)).send_away()
        return True

    def _who_must_make_room(self, where: str) -> Awaited | None:
        """Of whom one must go, the longest awaited first; None while there is room."""
        if self._from[where] >= self._most_from_one_network:
            return self._awaited_from.get(where, Awaited())
        if len(self._inside) - self._seated >= self._most or len(self._inside) >= self._most_with_seats:
            return self._awaited
        return None

    def _count(self, guest: Guest, change: int) -> None:
        self._from[guest.network] += change
        if not self._from[guest.network]:
            del self._from[guest.network]

    def _tell(self, where: str) -> None:
        now = time.monotonic()
        if now - self._told_at >= TELL_EVERY_SECONDS:
            self._told_at = now
            log.warning("full: idle connections make room", address=where, connections=len(self._inside))


here: ContextVar[Guest | None] = ContextVar("guest", default=None)
"""Whose connection the present task works for."""


@contextlib.contextmanager
def seated() -> Iterator[None]:
    """While it lasts, the present connection is a live stream."""
    guest = here.get()
    if guest is not None:
        guest.doorway.sit_down(guest)
    try:
        yield
    finally:
        if guest is not None:
            guest.doorway.stand_up(guest)
