"""The café's live board: the hub of the live core with the café's audiences, and the menu beside it."""

from apps.domain.numbers import redact
from apps.frontend.metrics import order_metrics
from apps.frontend.streams.menu import Menu
from apps.frontend.streams.order_board import OrderBoard
from apps.frontend.streams.order_entry import OrderEntry
from apps.frontend.streams.views import DisplayView, KitchenView, MenuView, OrderView
from apps.kit.errors import Unavailable
from apps.live.entry import Change
from apps.live.hub import Hub, log
from apps.live.message import Message
from apps.live.stream import Position, Sink, Stream

OrderStream = Stream[OrderBoard, OrderEntry]


def _view_of(entry: OrderEntry) -> OrderView:
    return OrderView(entry.order_number, entry)


class Live(Hub[OrderBoard, OrderEntry]):
    """Kitchen, display, one stream for each watched order, and the menu."""

    def __init__(self, release: str = "") -> None:
        self.menu: Menu | None = None
        self.kitchen: OrderStream = Stream("kitchen", KitchenView())
        self.display: OrderStream = Stream("display", DisplayView())
        self.menus: OrderStream = Stream("menu", MenuView())
        super().__init__((self.kitchen, self.display, self.menus), _view_of, entry_stream="order", release=release)

    @property
    def board(self) -> OrderBoard:
        """The board. Raises Unavailable before there is one."""
        if self.loaded is None:
            raise Unavailable("The café is just opening; please try again in a moment.")
        return self.loaded

    def applied(self, before: OrderEntry | None, change: Change[OrderEntry]) -> None:
        order_metrics.count(before, change, self.menu)

    def take_menu(self, menu: Menu) -> None:
        """Shows another menu."""
        self.menu = menu
        if self.loaded is not None:
            self.menus.send(self.menu_message())

    def menu_message(self) -> Message:
        """The menu for those who watch it. Raises Unavailable before there is one."""
        if self.menu is None:
            raise Unavailable
        return Message(b'{"type":"menu","items":' + self.menu.items + b"}", self.board.epoch, self.board.seq)

    def join(self, stream: OrderStream, sink: Sink, position: Position | None) -> OrderStream:
        if stream is not self.menus:
            return super().join(stream, sink, position)
        sink.send(self.menu_message())
        stream.sinks.add(sink)
        if self.draining:
            sink.close(1012)
        return stream

    def restart(self, board: OrderBoard) -> None:
        super().restart(board)
        if self.menu is not None:
            self.menus.send(self.menu_message())

    async def until(self, key: str, version: int, seconds: float) -> bool:
        shown = await super().until(key, version, seconds)
        if not shown:
            log.info("the board has not heard of a change yet", order=redact(key), version=version)
        return shown
