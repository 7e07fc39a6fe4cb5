"""What the board and its watchers look like at the moment somebody asks, for Prometheus; nothing of it is kept."""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from apps.domain.lifecycle import ACTIVE, Status
from apps.frontend.streams.live import Live, OrderStream
from apps.frontend.streams.order_entry import OrderEntry
from apps.kit.database.listener import Listener


@dataclass(eq=False)
class BoardCollector:
    """Looks at the board, its listener and its streams."""

    live: Live
    listener: Listener | None = None
    _opened_at: float = field(default_factory=time.monotonic)

    def collect(self) -> Iterator[Metric]:
        """Every figure of this moment."""
        now = datetime.now(UTC)
        yield _gauge("cafe_listener_age_seconds", "Since the last proof that LISTEN is alive.", self._listener_age())
        yield _gauge(
            "cafe_board_stale_seconds", "Since when the board may be out of date; 0: it is not.", self._stale(now)
        )
        yield from _backlogs(self.live.streams())
        board = self.live.loaded
        if board is not None:
            yield _gauge("cafe_board_position", "The seq of the last change on the board.", board.seq)
            yield from _orders(board.active(), now)

    def _age(self, since: float) -> float:
        return time.monotonic() - max(since, self._opened_at)

    def _listener_age(self) -> float:
        return self._age(self._opened_at if self.listener is None else self.listener.heard_at)

    def _stale(self, now: datetime) -> float:
        if self.live.loaded is None:
            return self._age(self._opened_at)
        return 0.0 if self.live.stale_since is None else _seconds(self.live.stale_since, now)


def _orders(active: Iterable[OrderEntry], now: datetime) -> Iterator[Metric]:
    count = dict.fromkeys(ACTIVE, 0)
    oldest = dict.fromkeys(ACTIVE, 0.0)
    longest = 0.0
    for entry in active:
        count[entry.status] += 1
        oldest[entry.status] = max(oldest[entry.status], _seconds(entry.since, now))
        if entry.status is not Status.READY:
            longest = max(longest, _seconds(entry.ordered_at, now))
    yield _gauges("cafe_orders", "Orders in a status.", "status", count)
    yield _gauges("cafe_oldest_order_seconds", "How long an order has been in a status, at most.", "status", oldest)
    yield _gauge("cafe_longest_wait_seconds", "How long an order that is not ready has waited, at most.", longest)


def _backlogs(streams: Iterable[OrderStream]) -> Iterator[Metric]:
    behind: dict[str, int] = defaultdict(int)
    fullest: dict[str, float] = defaultdict(float)
    for stream in streams:
        used = [sink.backlog() for sink in stream.sinks]
        behind[stream.name] += sum(share > 0 for share in used)
        fullest[stream.name] = max(fullest[stream.name], *used, 0.0)
    yield _gauges("cafe_clients_behind", "Clients with something unread.", "stream", behind)
    yield _gauges("cafe_backlog_ratio", "How near the slowest client is to being let go (1).", "stream", fullest)


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(name, words, value=value)


def _gauges(name: str, words: str, label: str, values: Mapping[Any, float]) -> Metric:
    family = GaugeMetricFamily(name, words, labels=[label])
    for key, value in values.items():
        family.add_metric([str(key)], value)
    return family


def _seconds(since: str, now: datetime) -> float:
    return max(0.0, (now - datetime.fromisoformat(since)).total_seconds())
