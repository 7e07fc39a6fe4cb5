"""Keeps the board true: notifications applied at once where they are next, the log read wherever they are not."""

import asyncio
import contextlib
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
import msgspec
import structlog

from apps.frontend.auth import sessions
from apps.frontend.auth.sessions import Sessions
from apps.frontend.streams.change import Change, Notice, change_in, parse_board, parse_notice, parse_page
from apps.frontend.streams.live import Live
from apps.frontend.streams.menu import parse_menu
from apps.kit.database.listener import Listener
from apps.kit.web.encoding import utc_text
from apps.kit.web.http_client import as_service
from apps.live import metrics
from apps.live.board import Board

if TYPE_CHECKING:
    from apps.kit.telemetry.open_telemetry import Tracing

log = structlog.get_logger("cafe.feed")

ORDERS_CHANNEL = "cafe_orders"
MENU_CHANNEL = "cafe_menu"
RECONCILE_EVERY_SECONDS = 0.8
READ_SECONDS = 3.0
MENU_EVERY_SECONDS = 5.0
STALE_AFTER_SECONDS = 3.0
SILENT_AFTER_SECONDS = 9.0
PAGE = 1000


class _Refused(Exception):
    """The orders service answered with something else than what was asked for."""


class _Forgotten(_Refused):
    """What came after our position is not kept any more."""


@dataclass
class Feed:
    """From PostgreSQL to the board. A notification is a hint: the log decides (docs/adr/0003)."""

    live: Live
    orders: httpx.AsyncClient
    listen_url: str
    secret: str
    sessions: Sessions
    tracing: "Tracing | None" = None
    listener: Listener = field(init=False)
    _wake: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _confirmed_at: float = field(default=float("-inf"), init=False)
    _behind: bool = field(default=False, init=False)
    _proven: int = field(default=0, init=False)
    _menu_due_at: float = field(default=float("-inf"), init=False)

    def __post_init__(self) -> None:
        self.listener = Listener(
            self.listen_url, (ORDERS_CHANNEL, MENU_CHANNEL, sessions.CHANNEL), self._hear, self._listens
        )

    async def run(self) -> None:
        """Follows the café for ever; ends only by cancellation."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.listener.run())
            tasks.create_task(self._follow())
            tasks.create_task(self.sessions.run())

    def _listens(self) -> None:
        self.sessions.doubt()
        self._wake.set()

    def _hear(self, channel: str, payload: str) -> None:
        if channel == sessions.CHANNEL:
            self.sessions.hear(payload)
            return
        if channel == MENU_CHANNEL:
            self._menu_due_at = float("-inf")
            self._wake.set()
            return
        board = self.live.loaded
        if board is None:
            return
        try:
            notice = parse_notice(payload)
            if notice.epoch == board.epoch and notice.seq <= board.seq:
                return
            change = change_in(notice)
        except msgspec.DecodeError as error:
            log.warning("a malformed notification was passed over", reason=str(error))
            return
        if change is not None and notice.epoch == board.epoch and notice.seq == board.seq + 1:
            with self._traced(notice):
                self.live.apply(change)
            return
        metrics.gaps.inc()
        self._behind = True
        self._wake.set()

    def _traced(self, notice: Notice) -> AbstractContextManager[None]:
        if self.tracing is None or not notice.trace:
            return contextlib.nullcontext()
        return self.tracing.fan_out(notice.trace, notice.seq)

    async def _follow(self) -> None:
        while True:
            self._wake.clear()
            try:
                await self._reconcile()
            except (httpx.TransportError, TimeoutError, _Refused, msgspec.DecodeError) as error:
                log.debug("could not read from the orders service", reason=str(error) or type(error).__name__)
            self._judge()
            # not wait_for: on Python 3.11 it forgets a cancellation that comes together with what it waits for
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RECONCILE_EVERY_SECONDS):
                    await self._wake.wait()

    async def _reconcile(self) -> None:
        if self.live.loaded is None:
            await self._read_board()
        while not await self._read_on():
            pass
        if time.monotonic() >= self._menu_due_at:
            await self._read_menu()

    async def _read_on(self) -> bool:
        """Proves what was applied by the log and applies what it has beyond; True when that was its last page.

        Whoever may LISTEN may NOTIFY as well, so a notification may have lied: then the board is read afresh.
        """
        board, proven = self.live.board, self._proven
        asked_at, known_to = time.monotonic(), board.seq
        try:
            page, changes = parse_page(await self._get(f"/orders/events?after={proven}&limit={PAGE}"))
        except _Forgotten:
            await self._read_board()
            return False
        last = changes[-1].seq if changes else proven
        whole = last - proven == len(changes) and (last == page.head or len(changes) == PAGE)
        if page.epoch != board.epoch or page.head < known_to or not whole or self._was_lied_to(changes):
            await self._read_board()
            return False
        for change in changes:
            if change.seq == board.seq + 1:
                self.live.apply(change)
        self._proven = last
        if last < page.head:
            return False
        self._confirmed_at = asked_at
        self._behind = False
        return True

    def _was_lied_to(self, changes: list[Change]) -> bool:
        board = self.live.board
        applied = {change.seq: change.entry for change in board.after(board.epoch, self._proven) or ()}
        return any(applied.get(change.seq, change.entry) != change.entry for change in changes)

    async def _read_board(self) -> None:
        epoch, seq, entries = parse_board(await self._get("/board"))
        self._proven = seq
        self.live.restart(Board(epoch, seq, entries))

    async def _read_menu(self) -> None:
        known = self.live.menu
        self._menu_due_at = time.monotonic() + MENU_EVERY_SECONDS
        headers = {"If-None-Match": known.tag} if known else {}
        response = await self._request("/menu", headers)
        if response.status_code == 304:
            return
        if response.status_code != 200:
            raise _Refused(str(response.status_code))
        self.live.take_menu(parse_menu(response.content, response.headers.get("ETag", "")))

    async def _get(self, path: str) -> bytes:
        response = await self._request(path, {})
        if response.status_code == 410:
            raise _Forgotten(path)
        if response.status_code != 200:
            raise _Refused(f"{path}: {response.status_code}")
        return response.content

    async def _request(self, path: str, headers: dict[str, str]) -> httpx.Response:
        return await self.orders.get(
            path, headers={**as_service(self.secret, "frontend"), **headers}, timeout=READ_SECONDS
        )

    def _judge(self) -> None:
        """Decides whether the board may be called live, and since when not."""
        now = time.monotonic()
        heard = self.listener.listening and now - self.listener.heard_at < SILENT_AFTER_SECONDS
        if heard and not self._behind:
            self.live.set_stale(None)
            return
        if now - self._confirmed_at < STALE_AFTER_SECONDS:
            self.live.set_stale(None)
            return
        if self.live.stale_since is None and self.live.loaded is not None:
            ago = now - max(self._confirmed_at, 0.0 if self._behind else self.listener.heard_at)
            self.live.set_stale(utc_text(datetime.fromtimestamp(time.time() - ago, UTC)))
