"""HTTP client for the other services; refusals and failures become errors of the API."""

import time
from datetime import timedelta
from typing import Any

import httpx

from apps.kit.errors import ApiError, BadGateway, Relayed, Unavailable
from apps.kit.telemetry import metrics, request_id, tracing
from apps.kit.web.tokens import Role, mint

TIMEOUT_SECONDS = 5.0
TOKEN_LIFETIME = timedelta(minutes=5)
RELAYED_HEADERS = ("Retry-After", "WWW-Authenticate", "Allow", "RateLimit", "RateLimit-Policy")
STANDARD_MEMBERS = frozenset({"type", "title", "status", "detail", "instance", "code"})


class Unreachable(Unavailable):
    """A part of the café does not answer just now. Nothing was lost; please try again in a moment."""

    code = "unreachable"


class Client(httpx.AsyncClient):
    """Calls one service; passes on the request id and the trace."""

    def __init__(self, name: str, **options: Any) -> None:
        super().__init__(**options)
        self._name = name

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        if present := request_id.present():
            request.headers["X-Request-ID"] = present
        began, outcome = time.perf_counter(), "none"
        try:
            with tracing.calling(self._name, request.method, request.headers):
                response = await super().send(request, **options)
            outcome = f"{response.status_code // 100}xx"
            return response
        finally:
            metrics.call_seconds.labels(self._name, outcome).observe(time.perf_counter() - began)


def open_client(base_url: str, name: str = "") -> httpx.AsyncClient:
    """A client: 5 s a step, no redirects, no proxies from the environment; whoever asked closes it.

    `name` is that of a service of ours; others are told nothing of our requests.
    """
    options: dict[str, Any] = {
        "base_url": base_url,
        "timeout": TIMEOUT_SECONDS,
        "limits": httpx.Limits(max_connections=200, max_keepalive_connections=50, keepalive_expiry=30),
        "trust_env": False,
        "follow_redirects": False,
    }
    return Client(name, **options) if name else httpx.AsyncClient(**options)


def as_service(secret: str, name: str) -> dict[str, str]:
    """The header by which a service proves itself to another; good for five minutes."""
    return as_bearer(mint(secret, subject=f"service:{name}", role=Role.SERVICE, lifetime=TOKEN_LIFETIME))


def as_bearer(token: str) -> dict[str, str]:
    """The header that carries a token."""
    return {"Authorization": f"Bearer {token}"}


def relayed(response: httpx.Response) -> ApiError:
    """Another service's problem document as an error, with its code and detail."""
    try:
        problem = response.json()
        error = Relayed(response.status_code, str(problem["code"]), str(problem["detail"]), **_members(problem))
    except (ValueError, KeyError, TypeError):
        return BadGateway(f"A part of the café answered {response.status_code}, and not in its own terms.")
    for header in RELAYED_HEADERS:
        if header in response.headers:
            error.headers[header] = response.headers[header]
    return error


def _members(problem: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in problem.items() if key not in STANDARD_MEMBERS}
