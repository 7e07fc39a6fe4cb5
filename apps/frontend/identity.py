"""Who visits the frontend: staff by session cookie or bearer token, everyone else as nobody in particular."""

import hashlib
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx
from quart import request
from werkzeug.datastructures import Headers
from werkzeug.http import parse_cookie

from apps.domain.errors import ForeignOrigin, NotAllowed, SignInNeeded
from apps.kit.access import identity_in
from apps.kit.http import Unreachable, as_service
from apps.kit.tokens import Identity, Role

COOKIE = "cafe_session"
REMEMBERED_SECONDS = 20.0
MOST_REMEMBERED = 1000
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def require_staff(identity: Identity | None) -> Identity:
    """The identity, where it may see everything. Raises SignInNeeded or NotAllowed."""
    if identity is None:
        raise SignInNeeded
    if identity.role not in (Role.STAFF, Role.SERVICE):
        raise NotAllowed
    return identity


@dataclass
class Visitors:
    """Knows sessions by asking the orders service, and remembers the answer for a few seconds."""

    orders: httpx.AsyncClient
    secret: str
    allowed_origins: tuple[str, ...]
    _known: dict[str, float] = field(default_factory=dict)

    async def of_request(self) -> Identity | None:
        """Who makes the present request. Raises ForeignOrigin where a cookie is used from another site."""
        identity = identity_in(self.secret, request.headers.get("Authorization"))
        if identity is not None:
            return identity
        identity = await self._by_cookie(request.headers)
        if identity is not None and request.method not in SAFE and not self.is_own_origin(request.headers):
            raise ForeignOrigin
        return identity

    async def of_socket(self, headers: Headers) -> Identity | None:
        """Who opens a websocket; a cookie counts only from a page of ours."""
        identity = identity_in(self.secret, headers.get("Authorization"))
        if identity is None and headers.get("Cookie"):
            if not self.is_own_origin(headers):
                raise ForeignOrigin
            identity = await self._by_cookie(headers)
        return identity

    def is_own_origin(self, headers: Headers, *, missing_is_own: bool = False) -> bool:
        """Whether a browser says that the request comes from a page of ours or of an allowed origin, to the letter.

        A page that sends no referrer posts its forms with the origin `null` (Fetch standard, "append a request Origin
        header"); then Sec-Fetch-Site decides, as where there is no Origin.
        """
        origin = headers.get("Origin")
        if origin is None or (origin == "null" and "Sec-Fetch-Site" in headers):
            site = headers.get("Sec-Fetch-Site")
            return missing_is_own if site is None else site in ("same-origin", "none")
        if origin in self.allowed_origins:
            return True
        parts = urlsplit(origin)
        return parts.scheme in ("http", "https") and bool(parts.netloc) and parts.netloc == headers.get("Host")

    def forget(self, token: str) -> str:
        """Drops a session from memory; its hash."""
        digest = hashlib.sha256(token.encode()).hexdigest()
        self._known.pop(digest, None)
        return digest

    async def _by_cookie(self, headers: Headers) -> Identity | None:
        token = parse_cookie(headers.get("Cookie", "")).get(COOKIE)
        if not token:
            return None
        digest = hashlib.sha256(token.encode()).hexdigest()
        if not await self._is_open(digest):
            return None
        return Identity(f"staff:{digest[:8]}", Role.STAFF)

    async def _is_open(self, digest: str) -> bool:
        now = time.monotonic()
        if self._known.get(digest, 0.0) > now:
            return True
        try:
            response = await self.orders.get(f"/sessions/{digest}", headers=as_service(self.secret, "frontend"))
        except httpx.TransportError as error:
            raise Unreachable from error
        if response.status_code != 200:
            if response.status_code >= 500:
                raise Unreachable
            return False
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        self._known[digest] = now + REMEMBERED_SECONDS
        return True
