"""One audience: those who get the same messages, in the same order."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from apps.live import message, metrics
from apps.live.board import Board
from apps.live.entry import Change, E
from apps.live.message import Message

MOST_KEPT = 512

B = TypeVar("B", bound=Board)  # type: ignore[type-arg]
B_contra = TypeVar("B_contra", bound=Board, contravariant=True)  # type: ignore[type-arg]


class Sink(Protocol):
    """Where messages go; none of these waits or raises."""

    def send(self, message: Message) -> None:
        """Takes a message for delivery in order, or lets the client go if it is too far behind."""

    def backlog(self) -> float:
        """How much of what it may be behind is used: at 1 it is let go."""

    def close(self, code: int) -> None:
        """Ends the connection with a websocket close code, where it is one."""


class View(Protocol[B_contra, E]):
    """What one audience may see of a board, and nothing else: entries and changes as JSON."""

    def entries(self, board: B_contra) -> list[bytes]:
        """The state, an entry each."""

    def change(self, board: B_contra, change: Change[E]) -> bytes | None:
        """The entry after a change; None where the change does not concern this audience."""


@dataclass(frozen=True)
class Position:
    """Where a client was in which history."""

    epoch: str
    seq: int


class Stream(Generic[B, E]):
    """Sends each change, encoded once, to all who joined; joining and changing never interleave."""

    def __init__(self, name: str, view: View[B, E], key: str | None = None) -> None:
        """`key` where it is the stream of one entry."""
        self.name = name
        self.view = view
        self.key = key
        self.sinks: set[Sink] = set()
        self._made: OrderedDict[int, Message | None] = OrderedDict()

    def join(self, sink: Sink, board: B, position: Position | None) -> None:
        """Brings a client up to the board by all it missed or a snapshot, and from now on keeps it there."""
        missed = None if position is None else board.after(position.epoch, position.seq)
        if position is None or missed is None:
            metrics.snapshots.inc()
            sink.send(self._snapshot(board))
        else:
            metrics.resumes.inc()
            changes = list(self._shown(board, missed))
            sink.send(message.resumed(board.epoch, position.seq, len(changes)))
            for each in changes:
                sink.send(each)
        self.sinks.add(sink)

    def leave(self, sink: Sink) -> None:
        """Forgets a client."""
        self.sinks.discard(sink)

    def publish(self, board: B, change: Change[E]) -> None:
        """Sends a change to whom it concerns."""
        if self.sinks:
            shown = self._message(board, change)
            if shown is not None:
                self.send(shown)

    def restart(self, board: B) -> None:
        """Gives everyone the whole state again."""
        self._made.clear()
        if self.sinks:
            self.send(self._snapshot(board))

    def send(self, each: Message) -> None:
        """Sends a message to all."""
        for sink in tuple(self.sinks):
            sink.send(each)

    def close(self, code: int) -> None:
        """Ends all connections."""
        for sink in tuple(self.sinks):
            sink.close(code)

    def _snapshot(self, board: B) -> Message:
        return message.snapshot(board.epoch, board.seq, self.view.entries(board))

    def _shown(self, board: B, missed: list[Change[E]]) -> Iterator[Message]:
        for change in missed:
            shown = self._message(board, change)
            if shown is not None:
                yield shown

    def _message(self, board: B, change: Change[E]) -> Message | None:
        """The message for a change; the latest are kept, so that a thousand who come back at once cost one encoding."""
        if change.seq not in self._made:
            shown = self.view.change(board, change)
            self._made[change.seq] = None if shown is None else message.change(board.epoch, change, shown)
            if len(self._made) > MOST_KEPT:
                self._made.popitem(last=False)
        return self._made[change.seq]
