"""What each audience may see of the board, and nothing else."""

from dataclasses import dataclass

from apps.frontend.streams.order_board import OrderBoard
from apps.frontend.streams.order_entry import OrderEntry
from apps.kit.web.encoding import to_json
from apps.live.entry import Change


class KitchenView:
    """Staff see all of every order."""

    def entries(self, board: OrderBoard) -> list[bytes]:
        return [entry.raw for entry in board.all()]

    def change(self, board: OrderBoard, change: Change[OrderEntry]) -> bytes | None:  # noqa: ARG002 - the view protocol
        return change.entry.raw


def display_order(entry: OrderEntry) -> bytes:
    """What a lobby full of strangers may know of an order."""
    return to_json({"pickup_number": entry.pickup_number, "status": entry.status, "since": entry.since})


class DisplayView:
    """The lobby sees numbers; a change of one that a newer order has taken over shows the newer order's state."""

    def entries(self, board: OrderBoard) -> list[bytes]:
        return [display_order(entry) for entry in board.on_display()]

    def change(self, board: OrderBoard, change: Change[OrderEntry]) -> bytes | None:
        holder = board.holder(change.entry.pickup_number)
        taken_over = holder is not None and holder.order_number != change.entry.order_number
        return display_order(holder if holder is not None and taken_over else change.entry)


@dataclass(frozen=True)
class OrderView:
    """A customer sees one order: `first` is how it was when they came, in case the board never held it."""

    order_number: str
    first: OrderEntry

    def entries(self, board: OrderBoard) -> list[bytes]:
        entry = board.entries.get(self.order_number)
        if entry is None or entry.version < self.first.version:
            entry = self.first
        return [entry.raw]

    def change(self, board: OrderBoard, change: Change[OrderEntry]) -> bytes | None:  # noqa: ARG002 - the view protocol
        return change.entry.raw if change.entry.order_number == self.order_number else None


class MenuView:
    """Who watches the menu sees no orders."""

    def entries(self, board: OrderBoard) -> list[bytes]:  # noqa: ARG002 - the view protocol
        return []

    def change(self, board: OrderBoard, change: Change[OrderEntry]) -> None:  # noqa: ARG002 - the view protocol
        return None
