"""Creates a service with errors, access, documentation, health, metrics and headers, the same on all three."""

from collections.abc import AsyncGenerator, Sequence

from quart_cors import cors

from apps.kit.paths import ROOT
from apps.kit.settings.settings import Settings
from apps.kit.telemetry import tracing
from apps.kit.web.access import EVERYONE, STAFF_OR_SERVICE, Authenticate, guard
from apps.kit.web.assets import digest_of, serve_assets
from apps.kit.web.operational_routes import register_operational_routes
from apps.kit.web.problems import register_error_handlers
from apps.kit.web.product import Product
from apps.kit.web.rate_limits import Requests
from apps.kit.web.request_hooks import register_request_hooks
from apps.kit.web.service import Probe, Service

STATIC = ROOT / "static"
MOST_BODY_BYTES = 32 * 1024
BODY_SECONDS = 15


def create_service(
    name: str, summary: str, settings: Settings, authenticate: Authenticate, probe: Probe, *, product: Product
) -> Service:
    """An empty service called `name`; routes are registered by whoever calls this."""
    app = Service(name, summary, product)
    app.config.update(MAX_CONTENT_LENGTH=MOST_BODY_BYTES, BODY_TIMEOUT=BODY_SECONDS, PROVIDE_AUTOMATIC_OPTIONS=True)
    app.url_map.strict_slashes = app.url_map.merge_slashes = False
    register_error_handlers(app)
    guard(app, authenticate, Requests(limited=settings.rate_limits))
    register_request_hooks(app, believes_traces=name != "frontend" or settings.trusted_hops > 0)
    register_operational_routes(app, probe, EVERYONE if settings.metrics == "open" else STAFF_OR_SERVICE)
    serve_assets(app, STATIC)
    _trace(app, settings.otlp_endpoint)
    if settings.cors_origins:
        app = _cross_origin(app, settings.cors_origins)
    return app


def release() -> str:
    """Names what the pages are made of; another name means that open pages are out of date."""
    return digest_of(STATIC)


def _trace(app: Service, endpoint: str) -> None:
    @app.while_serving
    async def traced() -> AsyncGenerator[None, None]:
        async with tracing.running(endpoint, app.name) as app.tracing:
            yield


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
