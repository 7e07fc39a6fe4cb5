"""The live board and everyone who watches it; the one place from which anything is sent to a subscriber."""

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Generic

import structlog

from apps.live import message, metrics
from apps.live.entry import Change, E
from apps.live.proof import Proof
from apps.live.stream import B, Position, Sink, Stream, View

log = structlog.get_logger("cafe.live")

HEARTBEAT_EVERY_SECONDS = 10.0
LOOK_EVERY_SECONDS = 0.25
MOST_LOOKED_UP = 2000
RESTARTED = 1012


class NotLoaded(Exception):
    """There is no board yet."""


class Hub(Generic[B, E]):
    """Holds the board; applies, publishes, restarts, beats.

    `streams` are the audiences of the whole board, `view_of` makes the view of one entry, `release` names what the
    server runs: a client that hears another one than it was loaded from is out of date.
    """

    def __init__(
        self, streams: tuple[Stream[B, E], ...], view_of: Callable[[E], View[B, E]], *, entry_stream: str, release: str
    ) -> None:
        self.loaded: B | None = None
        self.proof = Proof()
        self.draining = False
        self.by_key: dict[str, Stream[B, E]] = {}
        self._streams = streams
        self._view_of = view_of
        self._entry_stream = entry_stream
        self._release = release
        self._looked_up: OrderedDict[str, E] = OrderedDict()
        self._awaited: dict[str, list[tuple[int, asyncio.Future[None]]]] = {}
        self._stale_since: str | None = None
        self._announced: str | None = None

    @property
    def board(self) -> B:
        """The board. Raises NotLoaded before there is one."""
        if self.loaded is None:
            raise NotLoaded
        return self.loaded

    @property
    def stale_since(self) -> str | None:
        """Since when the board may be out of date; None while it is proved, and before there is one."""
        if self.loaded is None or self.proof.counts:
            self._stale_since = None
        elif self._stale_since is None:
            self._stale_since = self.proof.since()
        return self._stale_since

    def streams(self) -> list[Stream[B, E]]:
        """All audiences."""
        return [*self._streams, *self.by_key.values()]

    def apply(self, change: Change[E]) -> None:
        """Takes the next change and sends it to all whom it concerns. Raises Gap where it is not the next."""
        board = self.board
        before = board.entries.get(change.entry.key)
        began = time.perf_counter()
        board.apply(change)
        for stream in self._streams:
            stream.publish(board, change)
        watched = self.by_key.get(change.entry.key)
        if watched is not None:
            watched.publish(board, change)
        self._wake_waiting(change.entry)
        metrics.fan_out.observe(time.perf_counter() - began)
        metrics.changes.inc()
        if change.committed_at:
            committed = datetime.fromisoformat(change.committed_at).timestamp()
            metrics.commit_to_send.observe(max(0.0, time.time() - committed))
        self.applied(before, change)

    def applied(self, before: E | None, change: Change[E]) -> None:
        """For subclasses: a change was applied; `before` is the entry as it was on the board."""

    def restart(self, board: B) -> None:
        """Begins afresh with another board: another history, or one too far ahead."""
        self.loaded = board
        self._looked_up.clear()
        metrics.resyncs.inc()
        log.info("the board was read afresh", epoch=board.epoch, seq=board.seq, entries=len(board.entries))
        for stream in self._streams:
            stream.restart(board)
        for key, stream in self.by_key.items():
            entry = board.entries.get(key)
            if entry is None:
                stream.close(RESTARTED)  # it must be asked for again: this history may not have it
            else:
                stream.view = self._view_of(entry)
                stream.restart(board)
        for entry in board.entries.values():
            self._wake_waiting(entry)

    def find(self, key: str) -> E | None:
        """An entry that is in memory."""
        if self.loaded is None:
            return None
        return self.loaded.entries.get(key) or self._looked_up.get(key)

    def remember(self, entry: E) -> E:
        """Keeps an entry that had to be fetched, for the next who asks; never one that is newer on the board."""
        known = self.find(entry.key)
        if known is not None and known.version >= entry.version:
            return known
        self._looked_up[entry.key] = entry
        while len(self._looked_up) > MOST_LOOKED_UP:
            self._looked_up.popitem(last=False)
        return entry

    def watch(self, entry: E) -> Stream[B, E]:
        """The stream of one entry; kept from the first who joins it to the last who leaves."""
        return self.by_key.get(entry.key) or Stream(self._entry_stream, self._view_of(entry), entry.key)

    def join(self, stream: Stream[B, E], sink: Sink, position: Position | None) -> Stream[B, E]:
        """Brings a client up to the present and keeps it there, without a wait in between, so without a hole.

        The stream that was joined: another than was asked for, where somebody opened the same one meanwhile.
        """
        if stream.key is not None:
            stream = self.by_key.setdefault(stream.key, stream)
        stream.join(sink, self.board, position)
        if self.draining:  # it was admitted before, and is late
            sink.close(RESTARTED)
        return stream

    def leave(self, stream: Stream[B, E], sink: Sink) -> None:
        """Lets a client go, and the stream of one entry with its last one."""
        stream.leave(sink)
        if stream.key is not None and not stream.sinks:
            self.by_key.pop(stream.key, None)

    def announce(self) -> None:
        """Sends, once each time, that the board is stale or that it is live again."""
        since = self.stale_since
        if since == self._announced or self.loaded is None:
            return
        self._announced = since
        if since is None:
            log.info("the board is live again")
            self.beat()
            return
        log.warning("the board is stale", since=since)
        for stream in self.streams():
            stream.send(message.stale(self.board.epoch, self.board.seq, since))

    def beat(self) -> None:
        """Tells everyone how far their stream is complete; says nothing while that is not proved."""
        if self.loaded is None or self.stale_since is not None:
            return
        each = message.heartbeat(self.board.epoch, self.board.seq, self._release)
        for stream in self.streams():
            stream.send(each)

    async def run(self) -> None:
        """Announces staleness as it begins and ends, and beats every ten seconds; ends only by cancellation."""
        beat_at = time.monotonic() + HEARTBEAT_EVERY_SECONDS
        while True:
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            self.announce()
            if time.monotonic() >= beat_at:
                beat_at = time.monotonic() + HEARTBEAT_EVERY_SECONDS
                self.beat()

    async def until(self, key: str, version: int, seconds: float) -> bool:
        """Waits until the board knows that version of an entry; False where that takes longer."""
        known = self.find(key)
        if known is not None and known.version >= version:
            return True
        with self._waiting(key, version) as future:
            try:
                async with asyncio.timeout(seconds):
                    await future
            except TimeoutError:
                return False
        return True

    @contextlib.contextmanager
    def _waiting(self, key: str, version: int) -> Iterator[asyncio.Future[None]]:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = self._awaited.setdefault(key, [])
        waiting.append((version, future))
        try:
            yield future
        finally:
            waiting.remove((version, future))
            if not waiting:
                self._awaited.pop(key, None)

    def _wake_waiting(self, entry: E) -> None:
        for version, future in self._awaited.get(entry.key, ()):
            if entry.version >= version and not future.done():
                future.set_result(None)

    def close(self, code: int) -> None:
        """Ends every connection and takes no new ones."""
        self.draining = True
        for stream in self.streams():
            stream.close(code)
