"""How busy the database's connections are, for Prometheus."""

import time
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any, Protocol

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from apps.kit.telemetry.metrics import Group

group = Group()
waiting = Gauge("cafe_pool_waiting", "Pieces of work that wait for a connection.", ["pool"], registry=group)
acquire_seconds = Histogram(
    "cafe_pool_acquire_seconds",
    "Time until a connection was there.",
    ["pool"],
    buckets=(0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5),
    registry=group,
)
away = Counter("cafe_database_away_total", "Times the database did not answer, or was lost.", ["pool"], registry=group)
away.labels("primary")


class Pool(Protocol):
    """What asyncpg's pool says of itself."""

    def get_size(self) -> int:
        """Open connections."""

    def get_idle_size(self) -> int:
        """Those that nobody uses."""

    def get_max_size(self) -> int:
        """How many there may be."""


class TimedAcquire:
    """A connection being borrowed, with the time that it took to come."""

    def __init__(self, pool: str, acquiring: Any) -> None:
        self._pool = pool
        self._acquiring = acquiring

    async def __aenter__(self) -> Any:
        began = time.perf_counter()
        with waiting.labels(self._pool).track_inprogress():
            connection = await self._acquiring.__aenter__()
        acquire_seconds.labels(self._pool).observe(time.perf_counter() - began)
        return connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._acquiring.__aexit__(kind, error, trace)


class Pools:
    """The pools that are open just now, by name."""

    def __init__(self, pools: Callable[[], Mapping[str, Pool]]) -> None:
        self._pools = pools

    def collect(self) -> Iterator[Metric]:
        """Their connections at this moment."""
        connections = GaugeMetricFamily("cafe_pool_connections", "Open connections.", labels=["pool", "state"])
        limit = GaugeMetricFamily("cafe_pool_connections_limit", "Connections there may be.", labels=["pool"])
        for name, pool in self._pools().items():
            connections.add_metric([name, "idle"], pool.get_idle_size())
            connections.add_metric([name, "used"], pool.get_size() - pool.get_idle_size())
            limit.add_metric([name], pool.get_max_size())
        yield connections
        yield limit
