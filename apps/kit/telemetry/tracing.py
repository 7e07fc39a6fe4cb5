"""Traces across the services where CAFE_OTLP_ENDPOINT is set; else OpenTelemetry is not imported."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from contextvars import ContextVar
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from apps.kit.telemetry.open_telemetry import Tracing

HEADER = "traceparent"
STATEMENT_NAMES: dict[str, str] = {}
"""Names of the SQL statements that get a span of their own, by their text."""
PACKAGES = ("opentelemetry", "opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")
_ACTIVE: "ContextVar[Tracing | None]" = ContextVar("cafe_tracing", default=None)


def missing() -> bool:
    """Whether OpenTelemetry is not installed."""
    try:
        return any(find_spec(package) is None for package in PACKAGES)
    except ModuleNotFoundError:
        return True


@asynccontextmanager
async def running(endpoint: str, service: str) -> "AsyncIterator[Tracing | None]":
    """Traces to an OTLP/HTTP collector for as long as this lasts; None where there is no endpoint."""
    if not endpoint:
        yield None
        return
    tracing: Tracing = import_module("apps.kit.telemetry.open_telemetry").Tracing(endpoint, service)
    _ACTIVE.set(tracing)  # also for tasks started from here
    try:
        yield tracing
    finally:
        await tracing.close()


def activate(tracing: "Tracing | None") -> None:
    """Uses this tracing in the present task."""
    _ACTIVE.set(tracing)


def calling(to: str, method: str, headers: Any) -> AbstractContextManager[Any]:
    """A call to another service: adds the traceparent header."""
    tracing = _ACTIVE.get()
    return nullcontext() if tracing is None else tracing.calling(to, method, headers)


def traceparent() -> str:
    """The present span as https://www.w3.org/TR/trace-context/#traceparent-header says; empty where there is none."""
    tracing = _ACTIVE.get()
    return "" if tracing is None else tracing.traceparent()


def name_statements(names: Mapping[str, str]) -> None:
    """Adds names to STATEMENT_NAMES."""
    STATEMENT_NAMES.update(names)


async def trace_queries(connection: Any) -> None:
    """Makes a span of each statement on a connection to PostgreSQL."""
    tracing = _ACTIVE.get()
    if tracing is not None:
        connection.add_query_logger(tracing.queried)
