"""Calls to the other services: one client for as long as the app lives, errors in the café's own terms."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx

from apps.domain.errors import Unavailable
from apps.kit.tokens import Role, mint

TIMEOUT_SECONDS = 5.0
TOKEN_LIFETIME = timedelta(minutes=5)


class Unreachable(Unavailable):
    """A part of the café does not answer just now. Nothing was lost; please try again in a moment."""

    code = "unreachable"


@asynccontextmanager
async def client_for(base_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client for one service: 5 s a step, no redirects, no proxies from the environment."""
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=50, keepalive_expiry=30)
    async with httpx.AsyncClient(
        base_url=base_url, timeout=TIMEOUT_SECONDS, limits=limits, trust_env=False, follow_redirects=False
    ) as client:
        yield client


def as_service(secret: str, name: str) -> dict[str, str]:
    """The header by which a service proves itself to another; good for five minutes."""
    return as_bearer(mint(secret, subject=f"service:{name}", role=Role.SERVICE, lifetime=TOKEN_LIFETIME))


def as_bearer(token: str) -> dict[str, str]:
    """The header that carries a token."""
    return {"Authorization": f"Bearer {token}"}
