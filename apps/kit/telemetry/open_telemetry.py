"""Spans by OpenTelemetry: a request served, another service called, a statement, a change fanned out.

Imported only where tracing is on. No span holds an order number, an address, an argument or an error message: only
names from the code, and the order's label as in the log. OpenTelemetry's own variables for sampling
(OTEL_TRACES_SAMPLER) and for the exporter's headers (OTEL_EXPORTER_OTLP_HEADERS) are honoured.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from threading import Thread
from typing import Any

import requests
from asyncpg.connection import LoggedQuery
from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from apps.kit.telemetry.tracing import HEADER, STATEMENT_NAMES

EXPORT_SECONDS = 2.0
LAST_EXPORT_SECONDS = 3.0
TRANSACTION = frozenset({"BEGIN", "COMMIT", "ROLLBACK"})
_propagator = TraceContextTextMapPropagator()
logging.getLogger("opentelemetry").setLevel(
    logging.ERROR
)  # an unreachable collector is logged once a batch, not once a retry


class Tracing:
    """The spans of one service, exported in batches by a background thread."""

    def __init__(self, endpoint: str, service: str) -> None:
        session = requests.Session()
        session.trust_env = False
        address = endpoint if endpoint.endswith("/v1/traces") else f"{endpoint}/v1/traces"
        resource = Resource.create({"service.name": service, "service.namespace": "cafe-lumiere"})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        exporter = OTLPSpanExporter(address, timeout=EXPORT_SECONDS, session=session)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("cafe")

    async def close(self) -> None:
        """Exports the remaining spans, with a short timeout, so that no collector delays the shutdown."""
        last = Thread(target=self._provider.shutdown, daemon=True)
        last.start()
        await asyncio.to_thread(last.join, LAST_EXPORT_SECONDS)

    def serve(self, method: str, route: str, traceparent: str) -> Span:
        """The span of the request that this task answers; going on with the caller's trace where there is one."""
        span = self._tracer.start_span(
            f"{method} {route}",
            context=_propagator.extract({HEADER: traceparent}),
            kind=SpanKind.SERVER,
            attributes={"http.request.method": method, "http.route": route},
        )
        contexts.attach(trace.set_span_in_context(span))
        return span

    @staticmethod
    def served(span: Span, status: int | None, order: str | None) -> None:
        """Ends a request's span; `status` is None where its caller went away before there was one."""
        if status is not None:
            span.set_attribute("http.response.status_code", status)
        if order is not None:
            span.set_attribute("cafe.order", order)
        if status is None or status >= 500:
            span.set_status(StatusCode.ERROR)
        span.end()

    @staticmethod
    def id_of(span: Span) -> str:
        """The id of the span's trace, for the log."""
        return f"{span.get_span_context().trace_id:032x}"

    @contextmanager
    def calling(self, to: str, method: str, headers: MutableMapping[str, str]) -> Iterator[None]:
        """The span of a call to another service; periodic calls without a parent span begin no trace."""
        if not trace.get_current_span().get_span_context().is_valid:
            headers[HEADER] = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00"
            yield
            return
        attributes = {"http.request.method": method, "peer.service": to}
        with self._span(f"{method} {to}", SpanKind.CLIENT, attributes):
            _propagator.inject(headers)
            yield

    def traceparent(self) -> str:
        """The present span as a W3C traceparent; empty where it is not recorded."""
        span = trace.get_current_span().get_span_context()
        if not (span.is_valid and span.trace_flags.sampled):
            return ""
        return f"00-{span.trace_id:032x}-{span.span_id:016x}-01"

    def queried(self, record: LoggedQuery) -> None:
        """Records the span of a statement that has ended; asyncpg calls this in the context of its caller."""
        name = STATEMENT_NAMES.get(record.query) or record.query.strip(" ;").partition(" ")[0]
        ours = record.query in STATEMENT_NAMES or name in TRANSACTION  # the others are asyncpg's own statements
        if not (ours and trace.get_current_span().is_recording()):
            return
        ended = time.time_ns()
        span = self._tracer.start_span(
            name,
            kind=SpanKind.CLIENT,
            start_time=ended - int(record.elapsed * 1e9),
            attributes={"db.system.name": "postgresql", "db.operation.name": name},
        )
        if record.exception is not None:
            _failed(span, record.exception)
        span.end(ended)

    @contextmanager
    def fan_out(self, traceparent: str, seq: int) -> Iterator[None]:
        """The span in which a change reaches the screens, in the trace of whoever made the change."""
        parent = _propagator.extract({HEADER: traceparent})
        with self._span("fan out", SpanKind.CONSUMER, {"messaging.system": "postgresql", "cafe.seq": seq}, parent):
            yield

    @contextmanager
    def _span(
        self, name: str, kind: SpanKind, attributes: Mapping[str, Any], parent: contexts.Context | None = None
    ) -> Iterator[None]:
        with self._tracer.start_as_current_span(
            name, parent, kind, attributes, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield
            except Exception as error:
                _failed(span, error)
                raise


def _failed(span: Span, error: BaseException) -> None:
    span.set_attribute("error.type", type(error).__name__)
    span.set_status(StatusCode.ERROR)
