"""One audience: those who get the same messages, in the same order."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from apps.frontend.streams.change import Change
from apps.frontend.streams.views import View
from apps.live import message, metrics
from apps.live.board import Board
from apps.live.message import Message

MOST_KEPT = 512


class Sink(Protocol):
    """Where messages go; none of these waits or raises."""

    def send(self, message: Message) -> None:
        """Takes a message for delivery in order, or lets the client go if it is too far behind."""

    def ping(self) -> None:
        """Makes the peer's machine answer."""

    def backlog(self) -> float:
        """How much of what it may be behind is used: at 1 it is let go."""

    def close(self, code: int) -> None:
        """Ends the connection with a websocket close code, where it is one."""


@dataclass(frozen=True)
class Position:
    """Where a client was in which history."""

    epoch: str
    seq: int


class Stream:
    """Sends each change once encoded to all who joined; joining and changing never interleave."""

    def __init__(self, name: str, view: View) -> None:
        self.name = name
        self.view = view
        self.sinks: set[Sink] = set()
        self._made: OrderedDict[int, Message | None] = OrderedDict()

    def join(self, sink: Sink, board: Board, position: Position | None) -> None:
        """Brings a client up to the board by all it missed or a snapshot, and from now on keeps it there."""
        missed = None if position is None else board.after(position.epoch, position.seq)
        if position is None or missed is None:
            metrics.snapshots.inc()
            sink.send(message.snapshot(board.epoch, board.seq, self.view.orders(board)))
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

    def publish(self, board: Board, change: Change) -> None:
        """Sends a change to whom it concerns."""
        if self.sinks:
            shown = self._message(board, change)
            if shown is not None:
                self.send(shown)

    def restart(self, board: Board) -> None:
        """Gives everyone the whole state again."""
        self._made.clear()
        if self.sinks:
            self.send(message.snapshot(board.epoch, board.seq, self.view.orders(board)))

    def send(self, each: Message) -> None:
        """Sends a message to all."""
        for sink in tuple(self.sinks):
            sink.send(each)

    def ping(self) -> None:
        """Makes everyone's machine answer, also while there is nothing to say."""
        for sink in tuple(self.sinks):
            sink.ping()

    def close(self, code: int) -> None:
        """Ends all connections."""
        for sink in tuple(self.sinks):
            sink.close(code)

    def _shown(self, board: Board, missed: list[Change]) -> Iterator[Message]:
        for change in missed:
            shown = self._message(board, change)
            if shown is not None:
                yield shown

    def _message(self, board: Board, change: Change) -> Message | None:
        """The message for a change; the latest are kept, so that a thousand who come back at once cost one encoding."""
        if change.seq not in self._made:
            self._made[change.seq] = self.view.change(board, change)
            if len(self._made) > MOST_KEPT:
                self._made.popitem(last=False)
        return self._made[change.seq]
