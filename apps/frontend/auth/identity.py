"""Who visits the frontend: staff by session cookie or bearer token, everyone else as nobody in particular."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from quart import request
from werkzeug.datastructures import Headers
from werkzeug.http import parse_cookie

from apps.frontend.auth.sessions import Sessions
from apps.kit.errors import ForeignOrigin, NotAllowed, SignInNeeded
from apps.kit.web.access import identity_in
from apps.kit.web.tokens import Identity, Role

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def cookie_name(*, secure: bool) -> str:
    """The session cookie's name: under HTTPS one that no other host, and nothing in clear, can set (RFC 6265bis)."""
    return "__Host-cafe_session" if secure else "cafe_session"


def session_in(headers: Headers, *, secure: bool) -> str | None:
    """The session token that a browser sent."""
    return parse_cookie(headers.get("Cookie", "")).get(cookie_name(secure=secure)) or None


def is_secure() -> bool:
    """Whether the present request came by HTTPS."""
    return request.scheme == "https"


def require_staff(identity: Identity | None) -> Identity:
    """The identity, where it may see everything. Raises SignInNeeded or NotAllowed."""
    if identity is None:
        raise SignInNeeded
    if identity.role not in (Role.STAFF, Role.SERVICE):
        raise NotAllowed
    return identity


@dataclass(frozen=True)
class Authenticator:
    """Knows who comes, by bearer token or by the session behind a cookie."""

    sessions: Sessions
    secret: str
    allowed_origins: tuple[str, ...]

    async def of_request(self) -> Identity | None:
        """Who makes the present request. Raises ForeignOrigin where a cookie is used from another site."""
        identity = identity_in(self.secret, request.headers.get("Authorization"))
        if identity is not None:
            return identity
        identity = await self._by_cookie(request.headers, secure=is_secure())
        if identity is not None and request.method not in SAFE and not self.is_own_request():
            raise ForeignOrigin
        return identity

    async def of_socket(self, headers: Headers, *, secure: bool) -> Identity | None:
        """Who opens a websocket; a cookie counts only from a page of ours."""
        identity = identity_in(self.secret, headers.get("Authorization"))
        if identity is None and headers.get("Cookie"):
            if not self.is_own_origin(headers, secure=secure):
                raise ForeignOrigin
            identity = await self._by_cookie(headers, secure=secure)
        return identity

    def is_own_request(self, *, missing_is_own: bool = False) -> bool:
        """Whether the present request comes from a page of ours."""
        return self.is_own_origin(request.headers, secure=is_secure(), missing_is_own=missing_is_own)

    def is_own_origin(self, headers: Headers, *, secure: bool, missing_is_own: bool = False) -> bool:
        """Whether a browser says that the request comes from a page of ours or of an allowed origin, to the letter.

        A page that sends no referrer posts its forms with the origin `null` (Fetch standard, "append a request Origin
        header"); then Sec-Fetch-Site decides, as where there is no Origin. Where we are called by HTTPS our pages are
        too; where not, a proxy that we were not told of may have turned it into HTTP.
        """
        origin = headers.get("Origin")
        if origin is None or (origin == "null" and "Sec-Fetch-Site" in headers):
            site = headers.get("Sec-Fetch-Site")
            return missing_is_own if site is None else site in ("same-origin", "none")
        if origin in self.allowed_origins:
            return True
        parts = urlsplit(origin)
        schemes = ("https",) if secure else ("http", "https")
        return parts.scheme in schemes and bool(parts.netloc) and parts.netloc == headers.get("Host")

    async def _by_cookie(self, headers: Headers, *, secure: bool) -> Identity | None:
        token = session_in(headers, secure=secure)
        return None if token is None else await self.sessions.identity(token)
