"""Traces: one tap is one trace through every service, the database and the fan-out; none where none is asked for."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from apps.api.correlation import order_mark
from apps.kit.paths import ROOT
from apps.kit.settings.production import refusals
from apps.kit.settings.settings import Settings
from tests.cafe import RunningCafe, bearer, run_cafe, settings_for

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
NAMED = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}


class Span:
    """One span as the collector got it."""

    def __init__(self, service: str, span: object) -> None:
        self.service = service
        self.name: str = span.name  # type: ignore[attr-defined]
        self.trace: str = span.trace_id.hex()  # type: ignore[attr-defined]
        self.id: str = span.span_id.hex()  # type: ignore[attr-defined]
        self.parent: str = span.parent_span_id.hex()  # type: ignore[attr-defined]
        self.attributes = {each.key: each.value for each in span.attributes}  # type: ignore[attr-defined]

    def __repr__(self) -> str:
        return f"{self.service}: {self.name}"


class Collector:
    """An OTLP/HTTP collector (https://opentelemetry.io/docs/specs/otlp/#otlphttp) that keeps what it is sent."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        kept = self.requests

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path == "/v1/traces":
                    kept.append(body)
                self.send_response(200 if self.path == "/v1/traces" else 404)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def spans(self) -> list[Span]:
        found = []
        for body in self.requests:
            for each in ExportTraceServiceRequest.FromString(body).resource_spans:
                [service] = [one.value.string_value for one in each.resource.attributes if one.key == "service.name"]
                found += [Span(service, span) for scope in each.scope_spans for span in scope.spans]
        return found


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    thread = threading.Thread(target=collector.server.serve_forever)
    thread.start()
    try:
        yield collector
    finally:
        collector.server.shutdown()
        collector.server.server_close()
        thread.join()


def _ancestors(span: Span, spans: list[Span]) -> list[str]:
    by_id = {each.id: each for each in spans}
    found = []
    while span.parent in by_id:
        span = by_id[span.parent]
        found.append(repr(span))
    return found


async def test_a_tap_is_one_trace_from_the_tablet_to_the_screens(database_url: str, collector: Collector) -> None:
    async with run_cafe(database_url, CAFE_OTLP_ENDPOINT=collector.address) as cafe:
        number = (await cafe.order())["order_number"]
        async with cafe.screen("/ws/kitchen", staff=True) as kitchen:
            await kitchen.next()
            assert (await cafe.step(number, "start")).status_code == 200
            change = await kitchen.change()
            assert set(change) == {"type", "epoch", "seq", "committed_at", "order"}
    spans = collector.spans()
    [tap] = [span for span in spans if span.name == "POST /api/kitchen/orders/<number>/start"]
    assert tap.parent == ""
    trace = [span for span in spans if span.trace == tap.trace]
    assert {repr(span) for span in trace} == {
        "frontend: POST /api/kitchen/orders/<number>/start",
        "frontend: POST kitchen",
        "kitchen: POST /kitchen/orders/<number>/start",
        "kitchen: GET orders",
        "orders: GET /orders/<number>",
        "kitchen: PUT orders",
        "orders: PUT /orders/<number>",
        "orders: find_order",
        "orders: move_order",
        "frontend: fan out",
    }
    [fan_out] = [span for span in trace if span.name == "fan out"]
    assert _ancestors(fan_out, trace) == [
        "orders: PUT /orders/<number>",
        "kitchen: PUT orders",
        "kitchen: POST /kitchen/orders/<number>/start",
        "frontend: POST kitchen",
        "frontend: POST /api/kitchen/orders/<number>/start",
    ]
    [placing] = [span for span in spans if span.name == "POST /api/orders"]
    placed = {repr(span) for span in spans if span.trace == placing.trace}
    assert placed > {"orders: BEGIN", "orders: insert_order", "orders: COMMIT", "frontend: fan out"}
    assert tap.trace != placing.trace


async def test_no_span_holds_an_order_number_and_the_order_has_the_mark_of_the_log(
    database_url: str, collector: Collector
) -> None:
    async with run_cafe(database_url, CAFE_OTLP_ENDPOINT=collector.address) as cafe:
        number = (await cafe.order("Ana"))["order_number"]
        await cafe.step(number, "start")
        await cafe.step(number, "serve")
        await cafe.http.get(f"{cafe.frontend}/api/orders/{number}")
        await cafe.http.get(f"{cafe.frontend}/{number}")
        await cafe.http.request(number.replace("-", ""), f"{cafe.frontend}/api/orders/{number}")
        async with cafe.sql() as sql:  # an error of the database that names what was given
            await sql.execute("ALTER TABLE orders ADD CONSTRAINT no_tea CHECK (status <> 'ready') NOT VALID")
        assert (await cafe.step(number, "ready")).status_code == 500
    sent = b"".join(collector.requests)
    assert number.partition("-")[2].encode() not in sent
    assert b"Ana" not in sent
    marks = {
        span.attributes["cafe.order"].string_value for span in collector.spans() if "cafe.order" in span.attributes
    }
    assert marks == {order_mark(number)}
    failed = [span for span in collector.spans() if "error.type" in span.attributes]
    assert {(repr(span), span.attributes["error.type"].string_value) for span in failed} == {
        ("orders: move_order", "CheckViolationError")
    }


async def test_our_own_polling_begins_no_traces_and_a_stranger_names_none(
    database_url: str, collector: Collector
) -> None:
    async with run_cafe(database_url, CAFE_OTLP_ENDPOINT=collector.address) as cafe:
        await cafe.http.get(f"{cafe.frontend}/api/menu", headers=NAMED)
        await cafe.http.get(f"{cafe.orders}/menu", headers=NAMED)
        await cafe.http.get(f"{cafe.orders}/stats", headers=bearer())
        await cafe.http.get(f"{cafe.frontend}/metrics")
    spans = collector.spans()
    roots = {repr(span) for span in spans if span.parent == ""}
    assert roots == {"frontend: GET /api/menu", "orders: GET /stats"}
    assert not {span.name for span in spans} & {"GET /board", "GET /orders/events", "GET /metrics"}
    assert {repr(span) for span in spans if span.trace == TRACE and span.name.startswith("GET")} == {
        "orders: GET /menu"
    }


async def test_a_frontend_behind_a_proxy_goes_on_with_its_trace(database_url: str, collector: Collector) -> None:
    async with run_cafe(database_url, CAFE_OTLP_ENDPOINT=collector.address, CAFE_TRUSTED_HOPS="1") as cafe:
        await cafe.http.get(f"{cafe.frontend}/api/menu", headers={**NAMED, "X-Forwarded-For": "192.0.2.7"})
    assert "frontend: GET /api/menu" in {repr(span) for span in collector.spans() if span.trace == TRACE}


async def test_the_notification_carries_a_trace_only_where_there_is_one(cafe: RunningCafe) -> None:
    heard: list[str] = []
    async with cafe.sql() as sql, cafe.sql() as listening:
        await listening.add_listener("cafe_orders", lambda *said: heard.append(str(said[-1])))
        await cafe.order()
        async with sql.transaction():
            await sql.execute("SELECT set_config('cafe.trace', $1, true)", NAMED["traceparent"])
            await sql.execute("UPDATE orders SET status = 'preparing'")
        async with sql.transaction():
            await sql.execute("""SELECT set_config('cafe.trace', '"}} not a trace', true)""")
            await sql.execute("UPDATE orders SET status = 'ready'")
        await sql.execute("UPDATE orders SET status = 'served'")
        await listening.execute("SELECT 1")
    assert [f'"trace": "{NAMED["traceparent"]}"' in payload for payload in heard] == [False, True, False, False]
    assert [payload.count("trace") for payload in heard] == [0, 1, 0, 0]


async def test_a_collector_that_is_away_costs_no_request_and_holds_up_no_stop(database_url: str) -> None:
    async with run_cafe(database_url, CAFE_OTLP_ENDPOINT="http://127.0.0.1:9") as cafe:
        number = (await cafe.order())["order_number"]
        assert (await cafe.step(number, "start")).status_code == 200


def test_without_the_setting_nothing_of_opentelemetry_is_imported() -> None:
    said = _python(
        """
        import asyncio, sys
        import apps.cli.serve, apps.frontend.app, apps.kitchen.app, apps.orders.app
        from apps.kit.settings.settings import Settings
        settings = Settings.load({"CAFE_SECRET": "s" * 40})
        apps = [each.app.create_app(settings) for each in (apps.frontend, apps.kitchen, apps.orders)]
        asyncio.run(apps[1].startup())
        print(apps[1].tracing, [name for name in sys.modules if name.startswith("opentelemetry")])
        """
    )
    assert said == "None []"


def test_the_setting_without_the_packages_is_one_clear_line() -> None:
    said = _python(
        """
        import sys
        sys.modules["opentelemetry"] = None
        from apps.kit.settings.production import refusals
        from apps.kit.settings.settings import Settings
        given = {"CAFE_SECRET": "s" * 40, "CAFE_OTLP_ENDPOINT": "http://127.0.0.1:4318"}
        print(refusals(Settings.load(given), "kitchen", {}))
        """
    )
    assert said.startswith("['CAFE_OTLP_ENDPOINT is set and OpenTelemetry is not installed: ")


def test_with_the_packages_there_is_nothing_to_refuse() -> None:
    settings: Settings = settings_for("postgresql://cafe@127.0.0.1/cafe", CAFE_OTLP_ENDPOINT="http://127.0.0.1:4318")
    assert refusals(settings, "kitchen", {}) == []


def _python(program: str) -> str:
    lines = program.strip("\n").splitlines()
    indent = len(lines[0]) - len(lines[0].lstrip())
    command = [sys.executable, "-c", "\n".join(line[indent:] for line in lines)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
    return done.stdout.strip()
