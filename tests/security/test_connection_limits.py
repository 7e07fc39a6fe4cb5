"""Who may come in, and who has to make room: the longest awaited, and nobody whom we owe an answer."""

import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from apps.frontend.streams.stream_limit import StreamLimit
from apps.kit.errors import Unavailable
from apps.kit.paths import ROOT
from apps.kit.server.connection_limits import Connection, ConnectionLimits
from apps.kit.server.server import connection_limits_for
from apps.kit.settings.settings import Settings

A, B = "192.0.2.1", "192.0.2.2"


class Street:
    """Connections that come and go, without a server."""

    def __init__(self) -> None:
        self.ends: list[socket.socket] = []
        self.entered: list[Connection] = []

    def come(self, limits: ConnectionLimits, address: str = A) -> tuple[Connection | None, socket.socket]:
        """Somebody from there, None if they are refused, and their end of the connection."""
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)  # noqa: FBT003 - its one argument
        self.ends += [ours, theirs]
        connection = Connection(limits, ours, address, self.entered.append)
        return connection if limits.admit(connection) else None, theirs


@pytest.fixture
def street() -> Iterator[Street]:
    made = Street()
    yield made
    for end in made.ends:
        end.close()


def is_open(theirs: socket.socket) -> bool:
    try:
        return theirs.recv(1) != b""
    except BlockingIOError:
        return True


def test_the_longest_awaited_of_an_address_makes_room_for_the_next_from_there(street: Street) -> None:
    limits = ConnectionLimits(100, 3, 100)
    _, other = street.come(limits, B)
    ends = [street.come(limits)[1] for _ in range(5)]
    assert [is_open(end) for end in ends] == [False, False, True, True, True]
    assert is_open(other), "it is none of their business"


def test_in_all_the_longest_awaited_makes_room_wherever_it_is_from(street: Street) -> None:
    limits = ConnectionLimits(3, 3, 100)
    ends = [street.come(limits, address)[1] for address in (A, B, A, B)]
    assert [is_open(end) for end in ends] == [False, True, True, True]


def test_saying_a_part_of_something_does_not_make_one_newer(street: Street) -> None:
    limits = ConnectionLimits(100, 2, 100)
    (slow, first), (_, second) = street.come(limits), street.come(limits)
    assert slow
    limits.mark_idle(slow)
    street.come(limits)
    assert (is_open(first), is_open(second)) == (False, True)


def test_who_has_had_an_answer_makes_room_before_who_has_not_been_heard(street: Street) -> None:
    limits = ConnectionLimits(100, 2, 100)
    (_, fresh), (answered, idle) = street.come(limits), street.come(limits)
    assert answered
    limits.mark_busy(answered)
    limits.mark_idle(answered)
    street.come(limits)
    assert (is_open(fresh), is_open(idle)) == (True, False)


def test_whom_we_owe_an_answer_stays_until_it_has_it(street: Street) -> None:
    limits = ConnectionLimits(100, 2, 100)
    (busy, first), (_, second) = street.come(limits), street.come(limits)
    assert busy
    limits.mark_busy(busy)
    _, third = street.come(limits)
    assert (is_open(first), is_open(second), is_open(third)) == (True, False, True)
    limits.mark_idle(busy)
    street.come(limits)
    assert (is_open(first), is_open(third)) == (False, True)


def test_where_nobody_can_make_room_newcomers_wait_outside_in_a_line(street: Street) -> None:
    limits = ConnectionLimits(100, 1, 100)
    busy, theirs = street.come(limits)
    assert busy
    limits.mark_busy(busy)
    first, second = street.come(limits)[0], street.come(limits)[0]
    other, _ = street.come(limits, B)
    assert street.entered == [busy, other]
    assert is_open(theirs)
    limits.remove(busy)
    limits.remove(busy)
    assert street.entered == [busy, other, first, second], "the first has said nothing yet, and so makes room"


def test_who_has_its_answer_makes_room_for_the_line(street: Street) -> None:
    limits = ConnectionLimits(1, 1, 100)
    busy, theirs = street.come(limits)
    assert busy
    limits.mark_busy(busy)
    other, _ = street.come(limits, B)
    limits.mark_idle(busy)
    assert street.entered == [busy, other]
    assert not is_open(theirs)


def test_the_line_has_an_end(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.kit.server.connection_limits.MOST_WAITING_TO_ENTER", 2)
    limits = ConnectionLimits(100, 1, 100)
    busy, _ = street.come(limits)
    assert busy
    limits.mark_busy(busy)
    assert [street.come(limits)[0] is None for _ in range(4)] == [False, False, True, True]
    assert street.come(limits, B)[0] is not None, "which is not the line of others"
    assert len(limits.close()) == 2


def test_a_live_stream_is_counted_by_its_seat_and_by_the_files_it_takes(street: Street) -> None:
    limits = ConnectionLimits(100, 1, 3)
    for _ in range(3):
        connection, _ = street.come(limits)
        assert connection
        limits.begin_live_stream(connection)
    assert street.come(limits)[0] is None, "there are no more files"
    limits.end_live_stream(connection)
    limits.remove(connection)
    assert street.come(limits)[0] is not None


def test_who_has_a_whole_ipv6_network_is_one(street: Street) -> None:
    limits, stream_limit = ConnectionLimits(100, 2, 100), StreamLimit(100, 2)
    neighbours = [f"2001:db8:1:2::{number}" for number in range(1, 4)]
    ends = [street.come(limits, address)[1] for address in neighbours]
    assert [is_open(end) for end in ends] == [False, True, True]
    with stream_limit.taken(neighbours[0]), stream_limit.taken(neighbours[1]), pytest.raises(Unavailable):
        stream_limit.check(neighbours[2])
    stream_limit.check(neighbours[2])


def test_behind_a_proxy_and_between_the_services_only_the_sum_counts(street: Street) -> None:
    one = {"CAFE_SECRET": "s" * 40, "CAFE_CONNECTIONS": "4", "CAFE_CONNECTIONS_PER_ADDRESS": "1"}
    through_a_proxy = connection_limits_for(Settings.load({**one, "CAFE_TRUSTED_HOPS": "1"}), "frontend")
    inside = connection_limits_for(Settings.load(one), "orders")
    alone = connection_limits_for(Settings.load(one), "frontend")
    for limits, stay in ((through_a_proxy, 4), (inside, 4), (alone, 1)):
        ends = [street.come(limits)[1] for _ in range(6)]
        assert sum(is_open(end) for end in ends) == stay


@pytest.mark.parametrize(("limit", "most"), [("-n 256", 192), ("-n 4000", 3400), ("-n 4000; ulimit -S -n 256", 3400)])
def test_some_files_are_kept_for_ourselves_and_as_many_asked_for_as_may_be_had(limit: str, most: int) -> None:
    ask = "from apps.kit.server.open_files import most_connections; print(most_connections())"
    shell = ["/bin/sh", "-c", f'ulimit {limit}; exec "$@"', "sh", sys.executable, "-c", ask]
    said = subprocess.run(shell, capture_output=True, text=True, check=True, cwd=ROOT)  # noqa: S603
    assert int(said.stdout) == most
