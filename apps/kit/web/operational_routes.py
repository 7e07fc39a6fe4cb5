"""The routes that every service has: /livez, /readyz, /health, /metrics, /openapi.json and /docs."""

from dataclasses import dataclass

from quart import Response, render_template

from apps.kit.web.access import EVERYONE, allow
from apps.kit.web.encoding import to_json
from apps.kit.web.openapi import describe
from apps.kit.web.openapi_document import document
from apps.kit.web.responses import HealthReport, Liveness, Readiness
from apps.kit.web.service import Health, Probe, Service, json_response
from apps.kit.web.tokens import Role

METRICS_FORMAT = "text/plain; version=0.0.4; charset=utf-8"


@dataclass
class Documents:
    """The OpenAPI document and its page, made once when the app starts: making them takes tens of milliseconds."""

    json: bytes = b""
    html: str = ""


def register_operational_routes(app: Service, probe: Probe, who_may_measure: tuple[Role, ...]) -> None:
    """Adds the routes to `app`."""

    @app.get("/livez")
    @allow(EVERYONE)
    @describe("Whether the process runs; never touches the database.", tag="service", returns=Liveness)
    async def livez() -> Response:
        return json_response(to_json({"status": "ok", "service": app.name}))

    @app.get("/readyz")
    @allow(EVERYONE)
    @describe(
        "Whether requests may be sent here: it has started and is not stopping. Ready also while only the database is "
        "away; what it then answers from memory is out of date since `stale_since`.",
        tag="service",
        returns=Readiness,
        answers={503: "It has not started yet, or is stopping."},
    )
    async def readyz() -> Response:
        now = app.readiness()
        well = now.started and not app.draining
        status = "ok" if well else "unavailable"
        body = {"status": status, "service": app.name, "stale_since": now.stale_since}
        return json_response(to_json(body), 200 if well else 503)

    @app.get("/health")
    @allow(EVERYONE)
    @describe(
        "Whether the service can do its work.",
        tag="service",
        returns=HealthReport,
        answers={503: "It cannot just now."},
    )
    async def health() -> Response:
        state = Health(ready=False, database="unknown") if app.draining else await probe()
        body = {"status": "ok" if state.ready else "unavailable", "service": app.name, "database": state.database}
        return json_response(to_json(body), 200 if state.ready else 503)

    @app.get("/metrics")
    @allow(who_may_measure)
    @describe("Metrics in Prometheus' text format.", tag="service", media="text/plain")
    async def figures() -> Response:
        return Response(app.metrics.exposition(), content_type=METRICS_FORMAT)

    documents = Documents()

    @app.before_serving
    async def make_documents() -> None:
        if documents.json:
            return
        spec = document(app)
        documents.json = to_json(spec)
        async with app.app_context():
            documents.html = await render_template("docs.html", spec=spec)

    @app.get("/openapi.json")
    @allow(EVERYONE)
    @describe("This service's API as an OpenAPI 3.1 document.", tag="service")
    async def openapi_document() -> Response:
        await make_documents()
        return json_response(documents.json)

    @app.get("/docs")
    @allow(EVERYONE)
    @describe("The same for people.", tag="service", media="text/html")
    async def docs() -> str:
        await make_documents()
        return documents.html
