"""The checker finds nothing in a right history, and each kind of wrong in one that was doctored."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace

import pytest

from tests.faults.checker import Wrong, judge
from tests.faults.history import DISPLAY, KITCHEN, Acknowledged, Event, History, Kind, Observer, Row, Told

ANA, BEN = "001-ANA", "002-BEN"


def right() -> History:
    """Two orders: one is made ready, the other one is cancelled; everybody saw all of it."""
    steps = [
        (ANA, 1, "ordered"),
        (BEN, 1, "ordered"),
        (ANA, 2, "preparing"),
        (BEN, 2, "cancelled"),
        (ANA, 3, "ready"),
    ]
    log = [
        Event(seq, number, version, status, 100.0 + seq, "staff:test")
        for seq, (number, version, status) in enumerate(steps, start=1)
    ]
    table = [Row(1, ANA, "001", "Ana", "ready", 3), Row(2, BEN, "002", "Ben", "cancelled", 2)]
    writes = [Acknowledged(f"{number}/{version}", number, version, status) for number, version, status in steps]
    changes = [Told(event.at + 0.01, Kind.CHANGE, "epoch", event.seq) for event in log]
    kitchen = Observer(
        "kitchen websocket",
        KITCHEN,
        told=[Told(100.0, Kind.SNAPSHOT, "epoch", 0), *changes, Told(110.0, Kind.HEARTBEAT, "epoch", 5)],
        screen={ANA: ("ready", 3), BEN: ("cancelled", 2)},
    )
    lobby = Observer(
        "display events",
        DISPLAY,
        told=[
            Told(100.0, Kind.SNAPSHOT, "epoch", 0),
            *changes[:2],
            Told(102.5, Kind.CLOSED),
            Told(103.5, Kind.RESUMED, "epoch", 2, missed=1),
            *[replace(change, at=change.at + 1) for change in changes[2:]],
        ],
        screen={"001": ("ready", 0), "002": ("cancelled", 0)},
    )
    ana = Observer(
        "ana",
        ANA,
        told=[
            Told(101.1, Kind.SNAPSHOT, "epoch", 1),
            *[Told(103 + each, Kind.CHANGE, "epoch", 2 + each) for each in (0, 1)],
        ],
        screen={ANA: ("ready", 3)},
    )
    poller = Observer(
        "display poller",
        DISPLAY,
        polls=True,
        told=[Told(100.0 + second, Kind.POLLED, "epoch", min(5, second)) for second in range(10)],
        screen={"001": ("ready", 0)},
    )
    return History("epoch", writes, log, table, [kitchen, lobby, ana, poller])


def _kitchen(history: History) -> list[Told]:
    return history.observers[0].told


def lost_write(history: History) -> None:
    history.acknowledged.append(Acknowledged("key", "003-CAT", 1, "ordered"))


def write_with_another_outcome(history: History) -> None:
    history.acknowledged[2] = replace(history.acknowledged[2], status="cancelled")


def lost_message(history: History) -> None:
    del _kitchen(history)[3]


def lost_last_message(history: History) -> None:
    del _kitchen(history)[5]


def lost_on_resumption(history: History) -> None:
    told = history.observers[1].told
    del told[5]
    told[5:] = [Told(106.0, Kind.HEARTBEAT, "epoch", 5)]


def resumed_elsewhere(history: History) -> None:
    history.observers[1].told[4] = Told(103.5, Kind.RESUMED, "epoch", 3, missed=2)


def doubled_message(history: History) -> None:
    _kitchen(history).insert(3, _kitchen(history)[2])


def doubled_order(history: History) -> None:
    history.table.append(Row(3, "003-ANA", "003", "Ana", "cancelled", 2))
    history.log += [
        Event(6, "003-ANA", 1, "ordered", 106, "customer"),
        Event(7, "003-ANA", 2, "cancelled", 107, "staff"),
    ]


def doubled_answer(history: History) -> None:
    history.acknowledged[1] = replace(history.acknowledged[1], key=history.acknowledged[0].key)


def reordered_messages(history: History) -> None:
    told = _kitchen(history)
    told[2], told[3] = told[3], told[2]


def snapshot_backwards(history: History) -> None:
    _kitchen(history).append(Told(111.0, Kind.SNAPSHOT, "epoch", 4))


def doubled_on_a_phone(history: History) -> None:
    history.observers[2].told.append(history.observers[2].told[-1])


def hole_in_the_log(history: History) -> None:
    history.log[3:] = [replace(event, seq=event.seq + 1) for event in history.log[3:]]


def seq_given_twice(history: History) -> None:
    history.log[3] = replace(history.log[3], seq=3)


def version_gap(history: History) -> None:
    history.log[4] = replace(history.log[4], version=4)


def versions_exchanged(history: History) -> None:
    first, second = history.log[2], history.log[4]
    history.log[2], history.log[4] = replace(first, version=3), replace(second, version=2)


def version_gap_on_a_phone(history: History) -> None:
    del history.observers[2].told[1]


def illegal_step(history: History) -> None:
    history.log[2] = replace(history.log[2], status="served")


def wrong_screen(history: History) -> None:
    history.observers[0].screen[ANA] = ("preparing", 2)


def forgotten_on_a_screen(history: History) -> None:
    history.observers[1].screen.clear()


def wrong_table(history: History) -> None:
    history.table[0] = replace(history.table[0], status="served")


def silent_staleness(history: History) -> None:
    told = _kitchen(history)
    told[4:] = [Told(118.0, Kind.HEARTBEAT, "epoch", 3), Told(128.0, Kind.HEARTBEAT, "epoch", 3)]


def silently_stale_poller(history: History) -> None:
    told = history.observers[3].told
    told[3:] = [Told(104.0 + second, Kind.POLLED, "epoch", 2) for second in range(20)]


@pytest.mark.parametrize(
    ("doctor", "wrong"),
    [
        (lost_write, Wrong.LOST),
        (write_with_another_outcome, Wrong.LOST),
        (lost_message, Wrong.HOLE),
        (lost_last_message, Wrong.LOST),
        (lost_on_resumption, Wrong.LOST),
        (resumed_elsewhere, Wrong.HOLE),
        (doubled_message, Wrong.DOUBLED),
        (doubled_on_a_phone, Wrong.DOUBLED),
        (doubled_order, Wrong.DOUBLED),
        (doubled_answer, Wrong.DOUBLED),
        (reordered_messages, Wrong.REORDERED),
        (snapshot_backwards, Wrong.REORDERED),
        (hole_in_the_log, Wrong.HOLE),
        (seq_given_twice, Wrong.DOUBLED),
        (version_gap, Wrong.HOLE),
        (versions_exchanged, Wrong.REORDERED),
        (version_gap_on_a_phone, Wrong.HOLE),
        (illegal_step, Wrong.ILLEGAL),
        (wrong_screen, Wrong.DIFFERS),
        (forgotten_on_a_screen, Wrong.DIFFERS),
        (wrong_table, Wrong.DIFFERS),
        (silent_staleness, Wrong.SILENTLY_STALE),
        (silently_stale_poller, Wrong.SILENTLY_STALE),
    ],
    ids=lambda value: value.__name__ if callable(value) and not isinstance(value, type) else str(value),
)
def test_the_checker_finds_what_was_doctored(doctor: Callable[[History], None], wrong: Wrong) -> None:
    history = deepcopy(right())
    doctor(history)
    assert wrong in {violation.wrong for violation in judge(history)}


def test_the_checker_finds_nothing_in_a_right_history() -> None:
    assert judge(right()) == []


def test_staleness_that_is_shown_is_no_violation() -> None:
    history = right()
    told = _kitchen(history)
    told[4:] = [Told(112.0, Kind.STALE), Told(128.0, Kind.SNAPSHOT, "epoch", 5)]
    assert judge(history) == []


def test_a_client_that_hears_nothing_for_25_seconds_does_not_believe_itself_live() -> None:
    history = right()
    told = _kitchen(history)
    told[4:] = [Told(103.5, Kind.HEARTBEAT, "epoch", 3), Told(150.0, Kind.SNAPSHOT, "epoch", 5)]
    assert judge(history) == []


def test_a_phone_that_came_before_the_news_may_be_told_its_first_version_once_more() -> None:
    history = right()
    told = history.observers[2].told
    told.insert(1, Told(101.2, Kind.CHANGE, "epoch", 1))
    assert judge(history) == []
