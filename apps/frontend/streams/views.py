"""What each audience may see of the board, and nothing else."""

from dataclasses import dataclass
from typing import Protocol

from apps.frontend.streams.change import Change, Entry
from apps.kit.web.encoding import to_json
from apps.live import message
from apps.live.board import Board
from apps.live.message import Message


class View(Protocol):
    """One way to look at a board."""

    def orders(self, board: Board) -> list[bytes]:
        """The state, an order each."""

    def change(self, board: Board, change: Change) -> Message | None:
        """A change for this audience; None where it does not concern it."""


class KitchenView:
    """Staff see all of every order."""

    def orders(self, board: Board) -> list[bytes]:
        return [entry.raw for entry in board.all()]

    def change(self, board: Board, change: Change) -> Message | None:
        return message.change(board.epoch, change, change.entry.raw)


def display_order(entry: Entry) -> bytes:
    """What a lobby full of strangers may know of an order."""
    return to_json({"pickup_number": entry.pickup_number, "status": entry.status, "since": entry.since})


class DisplayView:
    """The lobby sees numbers; a change of one that a newer order has taken over shows the newer order's state."""

    def orders(self, board: Board) -> list[bytes]:
        return [display_order(entry) for entry in board.on_display()]

    def change(self, board: Board, change: Change) -> Message | None:
        holder = board.shown(change.entry.pickup_number) or change.entry
        entry = change.entry if holder.order_number == change.entry.order_number else holder
        return message.change(board.epoch, change, display_order(entry))


@dataclass(frozen=True)
class OrderView:
    """A customer sees one order: `first` is how it was when they came, in case the board never held it."""

    order_number: str
    first: Entry

    def orders(self, board: Board) -> list[bytes]:
        entry = board.entries.get(self.order_number)
        if entry is None or entry.version < self.first.version:
            entry = self.first
        return [entry.raw]

    def change(self, board: Board, change: Change) -> Message | None:
        if change.entry.order_number != self.order_number:
            return None
        return message.change(board.epoch, change, change.entry.raw)
