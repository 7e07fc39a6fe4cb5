"""Calls to the other services: one client for as long as the app lives, errors in the café's own terms."""

from datetime import timedelta
from typing import Any

import httpx

from apps.domain.errors import BadGateway, CafeError, Relayed, Unavailable
from apps.kit.tokens import Role, mint

TIMEOUT_SECONDS = 5.0
TOKEN_LIFETIME = timedelta(minutes=5)
RELAYED_HEADERS = ("Retry-After", "WWW-Authenticate", "Allow", "RateLimit", "RateLimit-Policy")
STANDARD_MEMBERS = frozenset({"type", "title", "status", "detail", "instance", "code"})


class Unreachable(Unavailable):
    """A part of the café does not answer just now. Nothing was lost; please try again in a moment."""

    code = "unreachable"


def open_client(base_url: str) -> httpx.AsyncClient:
    """A client for one service: 5 s a step, no redirects, no proxies from the environment; whoever asked closes it."""
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=50, keepalive_expiry=30)
    return httpx.AsyncClient(
        base_url=base_url, timeout=TIMEOUT_SECONDS, limits=limits, trust_env=False, follow_redirects=False
    )


def as_service(secret: str, name: str) -> dict[str, str]:
    """The header by which a service proves itself to another; good for five minutes."""
    return as_bearer(mint(secret, subject=f"service:{name}", role=Role.SERVICE, lifetime=TOKEN_LIFETIME))


def as_bearer(token: str) -> dict[str, str]:
    """The header that carries a token."""
    return {"Authorization": f"Bearer {token}"}


def relayed(response: httpx.Response) -> CafeError:
    """A refusal by another service as an error of ours, in its own words."""
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
