"""The live board and everyone who watches it; the one place from which anything is sent to a screen."""

import asyncio
import time
from collections import OrderedDict
from datetime import datetime

import structlog

from apps.domain.numbers import redact
from apps.frontend.metrics import order_metrics
from apps.frontend.streams.change import Change, Entry
from apps.frontend.streams.menu import Menu
from apps.frontend.streams.views import DisplayView, KitchenView, OrderView
from apps.kit.errors import Unavailable
from apps.live import message, metrics
from apps.live.board import Board
from apps.live.stream import Position, Sink, Stream

log = structlog.get_logger("cafe.live")

HEARTBEAT_EVERY_SECONDS = 10.0
MOST_LOOKED_UP = 2000
RESTARTED = 1012


class _Nothing:
    """Menus have no orders to see."""

    def orders(self, board: Board) -> list[bytes]:  # noqa: ARG002 - the view protocol
        return []

    def change(self, board: Board, change: Change) -> None:  # noqa: ARG002 - the view protocol
        return None


class Live:
    """Holds the board; applies, publishes, restarts, beats."""

    def __init__(self) -> None:
        self.loaded: Board | None = None
        self.menu: Menu | None = None
        self.stale_since: str | None = None
        self.draining = False
        self.kitchen = Stream("kitchen", KitchenView())
        self.display = Stream("display", DisplayView())
        self.menus = Stream("menu", _Nothing())
        self.orders: dict[str, Stream] = {}
        self._looked_up: OrderedDict[str, Entry] = OrderedDict()
        self._awaited: dict[str, list[tuple[int, asyncio.Future[None]]]] = {}

    @property
    def board(self) -> Board:
        """The board. Raises Unavailable before there is one."""
        if self.loaded is None:
            raise Unavailable("The café is just opening; please try again in a moment.")
        return self.loaded

    def streams(self) -> list[Stream]:
        """All audiences."""
        return [self.kitchen, self.display, self.menus, *self.orders.values()]

    def apply(self, change: Change) -> None:
        """Takes the next change and sends it to all whom it concerns. Raises Gap where it is not the next."""
        board = self.board
        before = board.entries.get(change.entry.order_number)
        began = time.perf_counter()
        board.apply(change)
        self.kitchen.publish(board, change)
        self.display.publish(board, change)
        watched = self.orders.get(change.entry.order_number)
        if watched is not None:
            watched.publish(board, change)
        self._tell_waiting(change.entry)
        metrics.fan_out.observe(time.perf_counter() - began)
        metrics.changes.inc()
        committed = datetime.fromisoformat(change.committed_at) if change.committed_at else None
        if committed is not None:
            metrics.commit_to_send.observe(max(0.0, time.time() - committed.timestamp()))
        order_metrics.count(before, change, self.menu)

    def restart(self, board: Board) -> None:
        """Begins afresh with another board: another history, or one too far ahead."""
        self.loaded = board
        self._looked_up.clear()
        metrics.resyncs.inc()
        log.info("the board was read afresh", epoch=board.epoch, seq=board.seq, orders=len(board.entries))
        self.kitchen.restart(board)
        self.display.restart(board)
        for number, stream in self.orders.items():
            entry = board.entries.get(number)
            if entry is None:
                stream.close(RESTARTED)  # it must be asked for again: this history may not have it
            else:
                stream.view = OrderView(number, entry)
                stream.restart(board)
        for entry in board.entries.values():
            self._tell_waiting(entry)

    def take_menu(self, menu: Menu) -> None:
        """Shows another menu."""
        self.menu = menu
        if self.loaded is not None:
            self.menus.send(self.menu_message())

    def menu_message(self) -> message.Message:
        """The menu for those who watch it. Raises Unavailable before there is one."""
        if self.menu is None:
            raise Unavailable
        return message.menu(self.board.epoch, self.board.seq, self.menu.items)

    def find(self, order_number: str) -> Entry | None:
        """An order that is in memory."""
        if self.loaded is None:
            return None
        return self.loaded.entries.get(order_number) or self._looked_up.get(order_number)

    def remember(self, entry: Entry) -> Entry:
        """Keeps an order that had to be fetched, for the next who asks; never one that is newer on the board."""
        known = self.find(entry.order_number)
        if known is not None and known.version >= entry.version:
            return known
        self._looked_up[entry.order_number] = entry
        while len(self._looked_up) > MOST_LOOKED_UP:
            self._looked_up.popitem(last=False)
        return entry

    def watch_order(self, entry: Entry) -> Stream:
        """The stream of one order; kept from the first who joins it to the last who leaves."""
        number = entry.order_number
        return self.orders.get(number) or Stream("order", OrderView(number, entry))

    def join(self, stream: Stream, sink: Sink, position: Position | None) -> Stream:
        """Brings a client up to the present and keeps it there, without a wait in between, so without a hole.

        The stream that was joined: another than was asked for, where somebody opened the same one meanwhile.
        """
        if stream is self.menus:
            sink.send(self.menu_message())
            stream.sinks.add(sink)
        else:
            if isinstance(stream.view, OrderView):
                stream = self.orders.setdefault(stream.view.order_number, stream)
            stream.join(sink, self.board, position)
        if self.draining:  # it was admitted before, and is late
            sink.close(RESTARTED)
        return stream

    def leave(self, stream: Stream, sink: Sink) -> None:
        """Lets a client go, and a customer's stream with its last one."""
        stream.leave(sink)
        if not stream.sinks and isinstance(stream.view, OrderView):
            self.orders.pop(stream.view.order_number, None)

    def set_stale(self, since: str | None) -> None:
        """Says, once, that the board may no longer be true, or that it is again."""
        if since == self.stale_since or self.loaded is None:
            return
        was, self.stale_since = self.stale_since, since
        if since is None:
            log.info("the board is live again")
            self.beat()
        elif was is None:
            log.warning("the board is stale", since=since)
            for stream in self.streams():
                stream.send(message.stale(self.board.epoch, self.board.seq, since))

    def beat(self) -> None:
        """Tells everyone how far their stream is complete; says nothing while that is not known."""
        if self.loaded is None or self.stale_since is not None:
            return
        each = message.heartbeat(self.board.epoch, self.board.seq)
        for stream in self.streams():
            stream.send(each)

    async def beat_for_ever(self) -> None:
        """A heartbeat every ten seconds."""
        while True:
            await asyncio.sleep(HEARTBEAT_EVERY_SECONDS)
            self.beat()
            for stream in self.streams():
                stream.ping()

    async def until(self, order_number: str, version: int, seconds: float) -> bool:
        """Waits until the board knows that version of an order; False where that takes longer."""
        known = self.find(order_number)
        if known is not None and known.version >= version:
            return True
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = self._awaited.setdefault(order_number, [])
        waiting.append((version, future))
        try:
            await asyncio.wait_for(future, seconds)
        except TimeoutError:
            log.info("the board has not heard of a change yet", order=redact(order_number), version=version)
            return False
        finally:
            waiting.remove((version, future))
            if not waiting:
                self._awaited.pop(order_number, None)
        return True

    def _tell_waiting(self, entry: Entry) -> None:
        for version, future in self._awaited.get(entry.order_number, ()):
            if entry.version >= version and not future.done():
                future.set_result(None)

    def close(self, code: int) -> None:
        """Ends every connection and takes no new ones."""
        self.draining = True
        for stream in self.streams():
            stream.close(code)
