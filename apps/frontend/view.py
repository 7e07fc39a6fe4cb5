"""What each audience may see of the board, and nothing else."""

from dataclasses import dataclass
from typing import Protocol

from apps.frontend import message
from apps.frontend.board import Board
from apps.frontend.change import Change, Entry
from apps.frontend.message import Message
from apps.kit.encoding import to_json


class View(Protocol):
    """One way to look at a board."""

    def orders(self, board: Board) -> list[bytes]:
        """The state, an order each."""

    def change(self, board: Board, step: Change) -> Message | None:
        """A change for this audience; None where it does not concern it."""


class KitchenView:
    """Staff see all of every order."""

    def orders(self, board: Board) -> list[bytes]:
        return [entry.raw for entry in board.all()]

    def change(self, board: Board, step: Change) -> Message | None:
        return message.change(board.epoch, step, step.entry.raw)


def display_order(entry: Entry) -> bytes:
    """What a lobby full of strangers may know of an order."""
    return to_json({"pickup_number": entry.pickup_number, "status": entry.status, "since": entry.since})


class DisplayView:
    """The lobby sees numbers; a change of one that a newer order has taken over shows the newer order's state."""

    def orders(self, board: Board) -> list[bytes]:
        return [display_order(entry) for entry in board.on_display()]

    def change(self, board: Board, step: Change) -> Message | None:
        holder = board.shown(step.entry.pickup_number) or step.entry
        entry = step.entry if holder.order_number == step.entry.order_number else holder
        return message.change(board.epoch, step, display_order(entry))


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

    def change(self, board: Board, step: Change) -> Message | None:
        if step.entry.order_number != self.order_number:
            return None
        return message.change(board.epoch, step, step.entry.raw)
