"""The café's orders in memory: a position in history, the orders at it, and the changes that led there."""

from collections import deque
from collections.abc import Iterable

from apps.domain.lifecycle import Status
from apps.frontend.streams.change import Change, Entry

RESUME_WINDOW = 5000
MOST_FINISHED = 500
ON_DISPLAY = (Status.PREPARING, Status.READY)


class Gap(Exception):
    """A change did not follow the one before it."""


class Board:
    """Applies changes strictly in order; every view of it is a function of what was applied.

    `entries` holds every active order and the latest finished ones, by order number.
    """

    def __init__(self, epoch: str, seq: int, entries: Iterable[Entry]) -> None:
        self.epoch = epoch
        self.seq = seq
        self.entries: dict[str, Entry] = {}
        self.recent: deque[Change] = deque(maxlen=RESUME_WINDOW)
        self._finished: dict[str, None] = {}
        self._newest: dict[str, Entry] = {}
        for entry in sorted(entries, key=lambda each: each.id):
            self._put(entry)

    def apply(self, change: Change) -> None:
        """Takes the next change. Raises Gap where it is not the next."""
        if change.seq != self.seq + 1:
            raise Gap(f"at {self.seq}, got {change.seq}")
        self._put(change.entry)
        self.seq = change.seq
        self.recent.append(change)

    def after(self, epoch: str, seq: int) -> list[Change] | None:
        """All changes since a position in this history; None where not all of them can be given."""
        if epoch != self.epoch or seq > self.seq or seq < self.seq - len(self.recent):
            return None
        missed = self.seq - seq
        return [self.recent[index] for index in range(len(self.recent) - missed, len(self.recent))]

    def active(self) -> list[Entry]:
        """What is still to be made or picked up, oldest first."""
        return sorted((entry for entry in self.entries.values() if entry.active), key=lambda entry: entry.id)

    def all(self) -> list[Entry]:
        """The active and the just finished, oldest first."""
        return sorted(self.entries.values(), key=lambda entry: entry.id)

    def shown(self, pickup_number: str) -> Entry | None:
        """Whose number it is: of two days' orders with one pickup number, the newer has it."""
        return self._newest.get(pickup_number)

    def on_display(self) -> list[Entry]:
        """What the lobby sees, oldest in its status first."""
        shown = (entry for entry in self._newest.values() if entry.status in ON_DISPLAY)
        return sorted(shown, key=lambda entry: (entry.since, entry.id))

    def _put(self, entry: Entry) -> None:
        self.entries[entry.order_number] = entry
        holder = self._newest.get(entry.pickup_number)
        if holder is None or holder.id <= entry.id:
            self._newest[entry.pickup_number] = entry
        self._finished.pop(entry.order_number, None)
        if not entry.active:
            self._finished[entry.order_number] = None
            while len(self._finished) > MOST_FINISHED:
                self._forget(next(iter(self._finished)))

    def _forget(self, order_number: str) -> None:
        del self._finished[order_number]
        entry = self.entries.pop(order_number)
        if self._newest.get(entry.pickup_number) is entry:
            del self._newest[entry.pickup_number]
