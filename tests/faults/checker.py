"""Judges a history: names everything in it that the promise in ARCHITECTURE.md rules out."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from apps.domain.lifecycle import FOLLOWING, Status
from tests.faults import screens, streams
from tests.faults.history import Event, History


class Wrong(StrEnum):
    """The ways in which a history can be wrong."""

    LOST = "lost"
    DOUBLED = "doubled"
    REORDERED = "reordered"
    HOLE = "hole"
    ILLEGAL = "illegal step"
    DIFFERS = "wrong final state"
    SILENTLY_STALE = "silent staleness"


@dataclass(frozen=True)
class Violation:
    """One thing that must not be."""

    wrong: Wrong
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.wrong} ({self.where}): {self.what}"


def judge(history: History) -> list[Violation]:
    """All violations in `history`; none where the promise was kept."""
    return [violation for check in CHECKS for violation in check(history)]


def _orders(history: History) -> dict[str, list[Event]]:
    orders: dict[str, list[Event]] = defaultdict(list)
    for event in history.log:
        orders[event.order_number].append(event)
    return orders


def the_log_is_dense(history: History) -> Iterator[Violation]:
    """seq is 1, 2, 3 … over the whole café."""
    for expected, event in enumerate(history.log, start=1):
        if event.seq != expected:
            wrong = Wrong.HOLE if event.seq > expected else Wrong.DOUBLED
            yield Violation(wrong, "log", f"seq {event.seq} where {expected} was due")
            return


def versions_are_dense(history: History) -> Iterator[Violation]:
    """Each order's versions are 1, 2, 3 … in the order of the log."""
    for number, events in _orders(history).items():
        versions = [event.version for event in events]
        if versions != list(range(1, len(versions) + 1)):
            wrong = Wrong.REORDERED if sorted(versions) == list(range(1, len(versions) + 1)) else Wrong.HOLE
            yield Violation(wrong, f"log of {number}", f"versions {versions}")


def steps_are_legal(history: History) -> Iterator[Violation]:
    """Whoever writes through the API takes only legal steps; psql may do what it likes."""
    for number, events in _orders(history).items():
        for earlier, later in pairwise(events):
            stays = earlier.status == later.status and later.actor.startswith("sql:")
            legal = Status(later.status) in FOLLOWING[Status(earlier.status)]
            if not (stays or legal or later.actor.startswith("sql:")):
                step = f"{earlier.status} → {later.status} by {later.actor}"
                yield Violation(Wrong.ILLEGAL, f"log of {number}", step)
        if events[0].status != Status.ORDERED:
            yield Violation(Wrong.ILLEGAL, f"log of {number}", f"begins as {events[0].status}")


def nothing_acknowledged_is_missing(history: History) -> Iterator[Violation]:
    """What was answered with success is in the log, as it was answered, and in the table at least as new."""
    logged = {(event.order_number, event.version): event.status for event in history.log}
    rows = {row.order_number: row.version for row in history.table}
    for write in history.acknowledged:
        if logged.get((write.order_number, write.version)) != write.status:
            yield Violation(Wrong.LOST, "log", f"{write} was acknowledged")
        if rows.get(write.order_number, 0) < write.version:
            yield Violation(Wrong.LOST, "table", f"{write} was acknowledged")


def one_wish_makes_one_order(history: History) -> Iterator[Violation]:
    """However often a cart was sent: a customer's name is in the table once, a key was answered with one order."""
    seen: set[str] = set()
    for row in history.table:
        if row.customer_name in seen:
            yield Violation(Wrong.DOUBLED, "table", f"two orders of {row.customer_name}")
        seen.add(row.customer_name)
    answers: dict[str, set[str]] = defaultdict(set)
    for write in history.acknowledged:
        answers[write.key].add(write.order_number)
    for key, numbers in answers.items():
        if len(numbers) > 1:
            yield Violation(Wrong.DOUBLED, "answers", f"{key} made {sorted(numbers)}")


def the_log_ends_as_the_table(history: History) -> Iterator[Violation]:
    """The last event of each order is its row."""
    last = {event.order_number: (event.status, event.version) for event in history.log}
    table = {row.order_number: (row.status, row.version) for row in history.table}
    for number in last.keys() | table.keys():
        if last.get(number) != table.get(number):
            yield Violation(Wrong.DIFFERS, number, f"log {last.get(number)}, table {table.get(number)}")


def every_stream_is_whole(history: History) -> Iterator[Violation]:
    """On each connection every message is the next, and nothing is applied twice."""
    for observer in history.observers:
        for wrong, what in streams.faults_in(observer, history.epoch):
            yield Violation(Wrong(wrong), observer.name, what)


def every_screen_ends_right(history: History) -> Iterator[Violation]:
    """After the storm, all who stayed see what the table holds."""
    for observer in history.observers:
        if observer.stayed:
            for what in screens.differences(observer, history.table):
                yield Violation(Wrong.DIFFERS, observer.name, what)


def staleness_is_always_shown(history: History) -> Iterator[Violation]:
    """Nobody believes themselves live without what was committed long before they were last told so."""
    commits = streams.commits(history.log)
    for observer in history.observers:
        for what in streams.silences(observer, commits.get(observer.audience, commits[""])):
            yield Violation(Wrong.SILENTLY_STALE, observer.name, what)


CHECKS: tuple[Callable[[History], Iterator[Violation]], ...] = (
    the_log_is_dense,
    versions_are_dense,
    steps_are_legal,
    nothing_acknowledged_is_missing,
    one_wish_makes_one_order,
    the_log_ends_as_the_table,
    every_stream_is_whole,
    every_screen_ends_right,
    staleness_is_always_shown,
)
