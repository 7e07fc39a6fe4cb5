"""The board of orders, which also knows whose a pickup number is."""

from apps.domain.lifecycle import Status
from apps.frontend.streams.order_entry import OrderEntry
from apps.live.board import Board
from apps.live.entry import State

ON_DISPLAY = (Status.PREPARING, Status.READY)


class OrderBoard(Board[OrderEntry]):
    """Orders by number, and the newest order of each pickup number."""

    def __init__(self, state: State[OrderEntry]) -> None:
        self._newest: dict[str, OrderEntry] = {}
        super().__init__(state)

    def holder(self, pickup_number: str) -> OrderEntry | None:
        """Whose number it is: of two days' orders with one pickup number, the newer has it."""
        return self._newest.get(pickup_number)

    def on_display(self) -> list[OrderEntry]:
        """What the lobby sees, oldest in its status first."""
        shown = (entry for entry in self._newest.values() if entry.status in ON_DISPLAY)
        return sorted(shown, key=lambda entry: (entry.since, entry.id))

    def _put(self, entry: OrderEntry) -> None:
        holder = self._newest.get(entry.pickup_number)
        if holder is None or holder.id <= entry.id:
            self._newest[entry.pickup_number] = entry
        super()._put(entry)

    def _forget(self, key: str) -> OrderEntry:
        entry = super()._forget(key)
        if self._newest.get(entry.pickup_number) is entry:
            del self._newest[entry.pickup_number]
        return entry
