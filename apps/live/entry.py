"""What is watched: entries with a key and a version, and the changes that lead from one to the next."""

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar


class Entry(Protocol):
    """One thing on the board."""

    @property
    def key(self) -> str:
        """What it is called; unique on the board."""

    @property
    def id(self) -> int:
        """Where it stands in a snapshot: smaller first."""

    @property
    def version(self) -> int:
        """How many changes it has had: 1, 2, 3 …"""

    @property
    def active(self) -> bool:
        """Whether it must stay on the board; the others are forgotten, oldest change first."""


E = TypeVar("E", bound=Entry)


@dataclass(frozen=True, slots=True)
class Change(Generic[E]):
    """One step of the history: dense `seq`, when it was committed (UTC, ISO 8601), and the entry after it."""

    seq: int
    committed_at: str
    entry: E


@dataclass(frozen=True, slots=True)
class Notice(Generic[E]):
    """What a notification says: a position, and the change, unless that was too large to be sent."""

    epoch: str
    seq: int
    change: Change[E] | None
    trace: str = ""


@dataclass(frozen=True, slots=True)
class Page(Generic[E]):
    """A part of the event log in order, and the head of the log when it was read."""

    epoch: str
    head: int
    changes: list[Change[E]]


@dataclass(frozen=True, slots=True)
class State(Generic[E]):
    """The whole board as it was at a position, read in one transaction."""

    epoch: str
    seq: int
    entries: list[E]
