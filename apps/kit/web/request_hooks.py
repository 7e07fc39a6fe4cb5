"""Hooks of every request: request id, access log, metrics, tracing and security headers."""

import asyncio
import re
import time
import uuid
from typing import Any

import structlog
from quart import Quart, Response, g, request
from werkzeug.exceptions import HTTPException

from apps.kit.telemetry import request_id, tracing
from apps.kit.web.rate_limits import NEVER_REFUSED as UNTRACED
from apps.kit.web.service import Service

METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
REST_OF_BODY_SECONDS = 1
MOST_PATH_SHOWN = 200
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
log = structlog.get_logger("cafe.access")


def register_request_hooks(app: Service, *, believes_traces: bool) -> None:
    """Registers the hooks; with `believes_traces` a caller's traceparent header is continued."""

    @app.before_request
    async def begin() -> None:
        g.began = time.perf_counter()
        given = request.headers.get("X-Request-ID", "")
        g.request_id = given if re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", given) else uuid.uuid4().hex
        g.order = app.product.log_label((request.view_args or {}).get("number"))
        request_id.begin(g.request_id)
        tracing.activate(app.tracing)
        if app.tracing is not None and not request.path.startswith(UNTRACED):
            named = request.headers.get(tracing.HEADER, "") if believes_traces else ""
            g.span = app.tracing.serve(_method(), _route(), named)
            structlog.contextvars.bind_contextvars(trace=app.tracing.id_of(g.span))
        structlog.contextvars.bind_contextvars(request=g.request_id, **_about_the_order())

    # the guard is registered first, but a refused request needs its id as well
    app.before_request_funcs[None].reverse()

    @app.after_request
    async def finish(response: Response) -> Response:
        seconds = time.perf_counter() - g.get("began", time.perf_counter())
        g.status = response.status_code
        if response.status_code == 201:
            g.order = app.product.log_label(response.headers.get("Location"))
        app.metrics.answered(_method(), _route(), response.status_code, seconds)
        if request.method not in ("GET", "HEAD") or response.status_code >= 400:
            log.info(
                "request",
                method=request.method,
                path=request.path[:MOST_PATH_SHOWN],
                status=response.status_code,
                milliseconds=round(seconds * 1000, 1),
                **_about_the_order(),
            )
        return await _with_our_headers(app, response)

    @app.teardown_request
    async def end(_: BaseException | None) -> None:
        if app.tracing is not None and "span" in g:
            app.tracing.served(g.span, g.get("status"), g.get("order"))


async def _with_our_headers(app: Service, response: Response) -> Response:
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


def _about_the_order() -> dict[str, str]:
    mark = g.get("order")
    return {"order": mark} if mark else {}


def _method() -> str:
    """The method as a label; unknown ones are `other`, because clients may send anything."""
    return request.method if request.method in METHODS else "other"


def _route() -> str:
    return request.url_rule.rule if request.url_rule else "none"


def _methods_of(app: Quart, path: str) -> set[str]:
    return {method for rule in app.url_map.iter_rules() if rule.rule == path for method in rule.methods or ()}


async def _has_come_whole(body: Any) -> bool:
    """Whether the whole body has arrived, also one that no view reads: the rest of it would break keep-alive."""
    try:
        async with asyncio.timeout(REST_OF_BODY_SECONDS):
            await body
    except (TimeoutError, HTTPException):
        return False
    return True
