"""Judges what one observer was told: each message the next, nothing twice, and no belief in old state."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from tests.faults.history import DISPLAY, KITCHEN, Event, Kind, Observer, Told

MOST_LAG_SECONDS = 12.0
SILENCE_SECONDS = 25.0
SLACK_SECONDS = 2.0
BACKLOG_SECONDS = 0.2
LIVE = frozenset({Kind.SNAPSHOT, Kind.RESUMED, Kind.CHANGE, Kind.HEARTBEAT, Kind.POLLED})


def faults_in(observer: Observer, epoch: str) -> Iterator[tuple[str, str]]:
    """What is wrong with the order of an observer's messages, as (kind of wrong, what).

    A customer may be shown an order before the board has heard of it, and is then told its first version once more:
    at least once, dropped by its version. Only what the snapshot or the position resumed from held may come so.
    """
    if observer.polls:
        return
    follower = _Follower(whole=observer.audience in (KITCHEN, DISPLAY))
    for told in observer.told:
        if told.kind in LIVE and told.epoch != epoch:
            yield "wrong final state", f"another epoch: {told}"
        yield from follower.follow(told)


@dataclass
class _Follower:
    """Where a stream is, message by message."""

    whole: bool
    open: bool = False
    position: int = 0
    promised: int = 0
    joined_at: int = 0

    def follow(self, told: Told) -> Iterator[tuple[str, str]]:
        match told.kind:
            case Kind.CLOSED:
                self.open, self.promised = False, 0
            case Kind.SNAPSHOT:
                if self.open and told.position < self.position:
                    yield "reordered", f"a snapshot at {told.position} after {self.position}"
                self.open, self.position, self.joined_at = True, told.position, told.position
            case Kind.RESUMED:
                if told.position != self.position:
                    yield "hole", f"resumed from {told.position}, was at {self.position}"
                self.open, self.promised, self.joined_at = True, told.missed, told.position
            case Kind.CHANGE:
                yield from self._change(told)
            case Kind.HEARTBEAT:
                yield from self._heartbeat(told)

    def _change(self, told: Told) -> Iterator[tuple[str, str]]:
        if not self.open:
            yield "lost", f"a change before snapshot and resumption: {told}"
        known = not self.whole and told.position <= self.joined_at
        if told.position != self.position + 1 and not known:
            yield _kind(told.position, self.position), f"{told.position} after {self.position}"
        self.position, self.promised = max(self.position, told.position), max(0, self.promised - 1)

    def _heartbeat(self, told: Told) -> Iterator[tuple[str, str]]:
        if self.promised:
            yield "lost", f"{self.promised} of the missed changes did not come before {told}"
        if told.position and told.position != self.position:
            wrong = "lost" if told.position > self.position else "reordered"
            yield wrong, f"a heartbeat at {told.position}, the stream is at {self.position}"


def _kind(position: int, before: int) -> str:
    if position > before + 1:
        return "hole"
    return "doubled" if position == before else "reordered"


def commits(log: list[Event]) -> dict[str, dict[int, float]]:
    """When each position was committed, for every audience; of an unknown one, nothing."""
    found: dict[str, dict[int, float]] = defaultdict(dict)
    for event in log:
        found[KITCHEN][event.seq] = found[DISPLAY][event.seq] = event.at
        found[event.order_number][event.version] = event.at
    found[""] = {}
    return found


def silences(observer: Observer, committed: dict[int, float]) -> Iterator[str]:
    """Times when an observer was told that it is right, and believed it, though an older commit was missing.

    Between two messages the belief ends by itself after 25 s of silence. A backlog that arrives all at once after a
    black hole is granted two seconds.
    """
    position, since, last = 0, None, float("-inf")
    for told in [*observer.told, Told(float("inf"), Kind.CLOSED)]:
        ended = min(told.at, last + SILENCE_SECONDS)
        position = told.position or position
        missing = committed.get(position + 1)
        wrong = told.kind in LIVE and missing is not None and told.at > missing + MOST_LAG_SECONDS
        if since is not None and not (wrong and ended == told.at):
            if ended - since > SLACK_SECONDS:
                yield f"believed itself live for {ended - since:.1f} s without position {position + 1}"
            since = None
        if wrong and since is None:
            since = told.at
        last = told.at


def longest_unseen_seconds(observer: Observer, committed: dict[int, float]) -> float:
    """The longest that this observer believed itself live after a commit that it had not been told of.

    Messages in the middle of a backlog that is just arriving do not count.
    """
    position, longest = 0, 0.0
    for told, after in pairwise([*observer.told, Told(float("inf"), Kind.CLOSED)]):
        position = told.position or position
        missing = committed.get(position + 1)
        if told.kind in LIVE and missing is not None:
            until = min(after.at, told.at + SILENCE_SECONDS)
            if until - told.at > BACKLOG_SECONDS:
                longest = max(longest, until - missing)
    return longest
