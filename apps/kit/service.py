"""The scaffold of a service: errors, access, documentation, health, metrics and headers, the same on all three."""

import asyncio
import re
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from quart import Quart, Response, g, render_template, request
from quart_cors import cors
from werkzeug.exceptions import HTTPException

from apps.kit import metrics
from apps.kit.access import EVERYONE, Authenticate, allow, guard
from apps.kit.assets import serve_assets
from apps.kit.encoding import to_json
from apps.kit.limits import Requests
from apps.kit.openapi import describe
from apps.kit.openapi_document import document
from apps.kit.problems import speak_problems
from apps.kit.settings import Settings
from apps.kit.shapes import HealthReport, Liveness

ROOT = Path(__file__).parents[2]
MOST_BODY_BYTES = 32 * 1024
BODY_SECONDS = 15
REST_OF_BODY_SECONDS = 1
log = structlog.get_logger("cafe.access")

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
ONLY_HTTPS = "max-age=31536000"


@dataclass(frozen=True)
class Health:
    """What /health says beside the service's name; `ready` decides between 200 and 503."""

    ready: bool
    database: str


Probe = Callable[[], Awaitable[Health]]


class Service(Quart):
    """A Quart app that can also be asked to wind up its long-lived connections."""

    def __init__(self, name: str, summary: str) -> None:
        super().__init__(
            name, static_folder=None, template_folder=str(ROOT / "templates"), root_path=str(Path(__file__).parent)
        )
        self.summary = summary
        self.draining = False
        self.why_it_cannot_start = ""
        self.drains: list[Callable[[], Awaitable[None]]] = []
        self._under_way: set[asyncio.Task[Any]] = set()
        self.asgi_app = self._watched(self.asgi_app)  # type: ignore[method-assign]

    async def drain(self) -> None:
        """Is not ready any more, ends what would not end by itself, and waits for the requests that are under way."""
        self.draining = True
        under_way = tuple(self._under_way)
        for drain in self.drains:
            await drain()
        if under_way:
            await asyncio.wait(under_way)

    def _watched(self, inner: Any) -> Any:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            task = asyncio.current_task()
            if scope["type"] == "http" and task is not None:
                self._under_way.add(task)
                task.add_done_callback(self._under_way.discard)
            await inner(scope, receive, send)

        return app


def create_service(name: str, summary: str, settings: Settings, authenticate: Authenticate, probe: Probe) -> Service:
    """An empty service called `name`; routes are registered by whoever calls this."""
    app = Service(name, summary)
    app.config.update(MAX_CONTENT_LENGTH=MOST_BODY_BYTES, BODY_TIMEOUT=BODY_SECONDS, PROVIDE_AUTOMATIC_OPTIONS=True)
    app.url_map.strict_slashes = app.url_map.merge_slashes = False
    speak_problems(app)
    guard(app, authenticate, Requests(limited=settings.rate_limits))
    _observe(app)
    _answer_for_itself(app, probe)
    serve_assets(app, ROOT / "static")
    if settings.cors_origins:
        app = _cross_origin(app, settings.cors_origins)
    return app


def _cross_origin(app: Service, origins: Sequence[str]) -> Service:
    cors(
        app,
        allow_origin=list(origins),
        allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match"],
        allow_methods=["GET", "POST", "PUT", "PATCH"],
        expose_headers=[
            "ETag",
            "Location",
            "Link",
            "Retry-After",
            "RateLimit",
            "Idempotent-Replayed",
            "Cafe-Stale-Since",
        ],
    )
    return app


def _methods_of(app: Service, path: str) -> set[str]:
    return {method for rule in app.url_map.iter_rules() if rule.rule == path for method in rule.methods or ()}


def _observe(app: Service) -> None:
    @app.before_request
    async def begin() -> None:
        g.began = time.perf_counter()
        given = request.headers.get("X-Request-ID", "")
        g.request_id = given if re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", given) else uuid.uuid4().hex
        structlog.contextvars.bind_contextvars(request=g.request_id)

    # the guard is registered first, but a refused request deserves its id as well
    app.before_request_funcs[None].reverse()

    @app.after_request
    async def finish(response: Response) -> Response:
        seconds = time.perf_counter() - g.get("began", time.perf_counter())
        route = request.url_rule.rule if request.url_rule else "none"
        metrics.requests.labels(request.method, route, response.status_code).inc()
        metrics.request_seconds.labels(route).observe(seconds)
        if request.method not in ("GET", "HEAD") or response.status_code >= 400:
            log.info(
                "request",
                method=request.method,
                path=request.path,
                status=response.status_code,
                milliseconds=round(seconds * 1000, 1),
            )
        if request.method == "OPTIONS" and request.url_rule is not None and response.allow:
            response.headers["Allow"] = ", ".join(sorted(_methods_of(app, request.url_rule.rule)))
        for header, value in SECURITY_HEADERS.items():
            response.headers.setdefault(header, value)
        if request.scheme == "https":
            response.headers["Strict-Transport-Security"] = ONLY_HTTPS
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers["X-Request-ID"] = g.get("request_id", "")
        if "Connection" not in response.headers and not await _has_come_whole(request.body):
            response.headers["Connection"] = "close"
        return response


async def _has_come_whole(body: Any) -> bool:
    """Whether all of a body is here, also one that nobody reads: what is left of it would end the connection."""
    try:
        async with asyncio.timeout(REST_OF_BODY_SECONDS):
            await body
    except (TimeoutError, HTTPException):
        return False
    return True


def _answer_for_itself(app: Service, probe: Probe) -> None:
    @app.get("/livez")
    @allow(EVERYONE)
    @describe("Whether the process runs; never touches the database.", tag="service", returns=Liveness)
    async def livez() -> Response:
        return json_response(to_json({"status": "ok", "service": app.name}))

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
    @allow(EVERYONE)
    @describe("Figures in Prometheus' text format.", tag="service", media="text/plain")
    async def figures() -> Response:
        return Response(metrics.exposition(), content_type="text/plain; version=0.0.4; charset=utf-8")

    @app.get("/openapi.json")
    @allow(EVERYONE)
    @describe("This service's API as an OpenAPI 3.1 document.", tag="service")
    async def openapi_document() -> Response:
        return json_response(to_json(document(app, app.summary)))

    @app.get("/docs")
    @allow(EVERYONE)
    @describe("The same for people.", tag="service", media="text/html")
    async def docs() -> str:
        return await render_template("docs.html", spec=document(app, app.summary))


def json_response(body: bytes, status: int = 200, headers: dict[str, Any] | None = None) -> Response:
    """JSON bytes as an answer."""
    return Response(body, status=status, headers=headers, content_type="application/json")
