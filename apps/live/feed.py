"""Keeps the board true: notifications applied at once where they are next, the log read wherever they are not."""

import asyncio
import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Generic, Protocol

import structlog

from apps.live import metrics
from apps.live.entry import Change, E, Notice, Page, State
from apps.live.hub import Hub
from apps.live.stream import B

log = structlog.get_logger("cafe.feed")

RECONCILE_EVERY_SECONDS = 0.8
READ_SECONDS = 2.5
PAGE = 1000


class LogUnavailable(Exception):
    """The log cannot be read just now, or its answer makes no sense."""


class LogForgotten(LogUnavailable):
    """What came after a position is not kept any more."""


class EventLog(Protocol[E]):
    """Where the history is read, and how its notifications are parsed."""

    async def state(self) -> State[E]:
        """The whole board at its present position. Raises LogUnavailable."""

    async def after(self, seq: int, limit: int) -> Page[E]:
        """At most `limit` changes after `seq`. Raises LogUnavailable or LogForgotten."""

    def notice(self, payload: str) -> Notice[E]:
        """A notification's payload. Raises ValueError where it is malformed."""


def _no_span(_trace: str, _seq: int) -> AbstractContextManager[None]:
    return contextlib.nullcontext()


@dataclass
class Feed(Generic[B, E]):
    """From the event log to the hub. A notification is a hint: the log decides (docs/adr/0003)."""

    hub: Hub[B, E]
    events: EventLog[E]
    make_board: Callable[[State[E]], B]
    span: Callable[[str, int], AbstractContextManager[None]] = _no_span
    """Runs around the fan-out of a change that was notified with a trace."""
    _wake: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _proved_to: int = field(default=0, init=False)
    _broken: bool = field(default=False, init=False)

    def wake(self) -> None:
        """Reads the log now: something may have been missed."""
        self._wake.set()

    def hear(self, payload: str) -> None:
        """Takes a notification; called by the listener, so it never raises."""
        board = self.hub.loaded
        if board is None:
            return
        try:
            notice = self.events.notice(payload)
            if notice.epoch == board.epoch and notice.seq <= board.seq:
                return
            if notice.change is not None and notice.epoch == board.epoch and notice.seq == board.seq + 1:
                with self.span(notice.trace, notice.seq) if notice.trace else contextlib.nullcontext():
                    self._apply(notice.change)
                return
        except ValueError as error:
            log.warning("a malformed notification was ignored", reason=str(error))
            return
        except Exception:
            log.exception("a notification could not be applied; the board will be read afresh")
        metrics.gaps.inc()
        self._wake.set()

    async def run(self) -> None:
        """Compares the board with the log every 0.8 s and when woken; ends only by cancellation."""
        while True:
            self._wake.clear()
            try:
                await self._reconcile()
            except (LogUnavailable, TimeoutError) as error:
                log.debug("could not read the log", reason=str(error) or type(error).__name__)
            self.hub.announce()
            # not wait_for: on Python 3.11 it forgets a cancellation that comes together with what it waits for
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RECONCILE_EVERY_SECONDS):
                    await self._wake.wait()

    async def _reconcile(self) -> None:
        if self.hub.loaded is None or self._broken:
            await self._read_board()
        while not await self._read_on():
            pass

    async def _read_on(self) -> bool:
        """Proves what was applied by the log and applies what it has beyond; True when that was its last page.

        Whoever may LISTEN may NOTIFY as well, so a notification may have lied: then the board is read afresh.
        """
        board, proved_to = self.hub.board, self._proved_to
        asked_at, known_to = self.hub.proof.clock(), board.seq
        try:
            async with asyncio.timeout(READ_SECONDS):
                page = await self.events.after(proved_to, PAGE)
        except LogForgotten:
            await self._read_board()
            return False
        changes = page.changes
        last = changes[-1].seq if changes else proved_to
        whole = last - proved_to == len(changes) and (last == page.head or len(changes) == PAGE)
        if page.epoch != board.epoch or page.head < known_to or not whole or self._differs(changes):
            await self._read_board()
            return False
        for change in changes:
            if change.seq == board.seq + 1:
                self._apply(change)
        self._proved_to = last
        if last < page.head:
            return False
        self.hub.proof.prove(asked_at)
        return True

    def _apply(self, change: Change[E]) -> None:
        self._broken = True  # until it is through: an exception may leave an audience without the change
        self.hub.apply(change)
        self._broken = False

    def _differs(self, changes: list[Change[E]]) -> bool:
        board = self.hub.board
        applied = {change.seq: change.entry for change in board.after(board.epoch, self._proved_to) or ()}
        return any(applied.get(change.seq, change.entry) != change.entry for change in changes)

    async def _read_board(self) -> None:
        async with asyncio.timeout(READ_SECONDS):
            state = await self.events.state()
        self._proved_to = state.seq
        self.hub.restart(self.make_board(state))
        self._broken = False
