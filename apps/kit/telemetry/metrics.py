"""Metrics of a service, for Prometheus at /metrics.

A process runs one service. Metrics of requests and of what lives as long as the app belong to the app's `Metrics`;
metrics of connections are kept once a process, in a group that the service adds.
"""

from collections.abc import Iterator
from typing import Protocol

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.metrics_core import Metric

disable_created_metrics()  # type: ignore[no-untyped-call]


class Group(CollectorRegistry):
    """A set of metrics that is kept once a process."""


class Source(Protocol):
    """Metrics that are computed at each scrape."""

    def collect(self) -> Iterator[Metric]:
        """The present values."""


class Metrics:
    """All metrics of one service."""

    def __init__(self) -> None:
        self._own = CollectorRegistry()
        self._groups: list[CollectorRegistry] = []
        ProcessCollector(registry=self._own)
        self._requests = Counter(
            "cafe_requests_total", "Requests answered.", ["method", "route", "status"], registry=self._own
        )
        self._request_seconds = Histogram(
            "cafe_request_seconds", "Time to an answer.", ["method", "route"], registry=self._own
        )

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Counts a request; `method` a known one, `route` the rule that it matched, never its path."""
        self._requests.labels(method, route, str(status)).inc()
        self._request_seconds.labels(method, route).observe(seconds)

    def show(self, group: Group) -> None:
        """Adds a group."""
        self._groups.append(group)

    def look_up(self, source: Source) -> None:
        """Adds a source."""
        self._own.register(source)

    def exposition(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return b"".join(generate_latest(registry) for registry in (self._own, *self._groups))


calls = Group()

call_seconds = Histogram(
    "cafe_call_seconds",
    "Time that another service of ours took to answer, by the kind of its status; none: there was no answer.",
    ["to", "outcome"],
    registry=calls,
)

websockets = Group()

hostile = Counter(
    "cafe_hostile_total", "Websocket clients cut off for what they sent, by close code.", ["code"], registry=websockets
)
