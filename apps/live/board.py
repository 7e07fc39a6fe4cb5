"""The state in memory: a position in history, the entries at it, and the changes that led there."""

from collections import deque
from typing import Generic

from apps.live.entry import Change, E, State

RESUME_WINDOW = 5000
MOST_FINISHED = 500


class Gap(Exception):
    """A change did not follow the one before it."""


class Board(Generic[E]):
    """Applies changes strictly in order; every view of it is a function of what was applied.

    `entries` holds every active entry and the latest finished ones, by key. A subclass that keeps an index of its own
    overrides `_put` and `_forget`.
    """

    def __init__(self, state: State[E]) -> None:
        self.epoch = state.epoch
        self.seq = state.seq
        self.entries: dict[str, E] = {}
        self.recent: deque[Change[E]] = deque(maxlen=RESUME_WINDOW)
        self._finished: dict[str, None] = {}
        for entry in sorted(state.entries, key=lambda each: each.id):
            self._put(entry)

    def apply(self, change: Change[E]) -> None:
        """Takes the next change. Raises Gap where it is not the next."""
        if change.seq != self.seq + 1:
            raise Gap(f"at {self.seq}, got {change.seq}")
        self._put(change.entry)
        self.seq = change.seq
        self.recent.append(change)

    def after(self, epoch: str, seq: int) -> list[Change[E]] | None:
        """All changes since a position in this history; None where not all of them can be given."""
        if epoch != self.epoch or seq > self.seq or seq < self.seq - len(self.recent):
            return None
        missed = self.seq - seq
        return [self.recent[index] for index in range(len(self.recent) - missed, len(self.recent))]

    def active(self) -> list[E]:
        """The active entries, oldest first."""
        return sorted((entry for entry in self.entries.values() if entry.active), key=lambda entry: entry.id)

    def all(self) -> list[E]:
        """The active and the just finished, oldest first."""
        return sorted(self.entries.values(), key=lambda entry: entry.id)

    def _put(self, entry: E) -> None:
        self.entries[entry.key] = entry
        self._finished.pop(entry.key, None)
        if not entry.active:
            self._finished[entry.key] = None
            while len(self._finished) > MOST_FINISHED:
                self._forget(next(iter(self._finished)))

    def _forget(self, key: str) -> E:
        del self._finished[key]
        return self.entries.pop(key)
