"""Authorization: each route declares who may call it, one hook enforces it."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from quart import Quart, Response, g, request

from apps.kit.errors import NotAllowed, SignInNeeded
from apps.kit.web.rate_limits import Requests, rate_limit_headers
from apps.kit.web.tokens import Identity, Role, read

View = TypeVar("View", bound=Callable[..., Any])
Authenticate = Callable[[], Awaitable[Identity | None]]

EVERYONE: tuple[Role, ...] = ()
STAFF = (Role.STAFF,)
STAFF_OR_SERVICE = (Role.STAFF, Role.SERVICE)
SERVICE = (Role.SERVICE,)


def allow(roles: tuple[Role, ...]) -> Callable[[View], View]:
    """Marks a view with who may call it; a view without a mark is open to nobody."""

    def mark(view: View) -> View:
        view.allowed = roles  # type: ignore[attr-defined]
        return view

    return mark


def allowed(view: Callable[..., Any] | None) -> tuple[Role, ...] | None:
    """Who may call a view; None where it does not say."""
    while view is not None:
        roles: tuple[Role, ...] | None = getattr(view, "allowed", None)
        if roles is not None:
            return roles
        view = getattr(view, "__wrapped__", None)
    return None


def bearer(secret: str) -> Authenticate:
    """Knows a caller by `Authorization: Bearer` (RFC 6750); None without one. Raises SignInNeeded on a bad token."""

    async def authenticate() -> Identity | None:
        return identity_in(secret, request.headers.get("Authorization"))

    return authenticate


def identity_in(secret: str, authorization: str | None) -> Identity | None:
    """Who an Authorization header speaks for. Raises SignInNeeded on anything but a good bearer token."""
    if authorization is None:
        return None
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise SignInNeeded("Only bearer tokens are understood: Authorization: Bearer <token>.")
    return read(secret, token.strip())


def caller() -> Identity | None:
    """The authenticated caller of the present request; None where there is none."""
    identity: Identity | None = g.get("identity")
    return identity


def guard(app: Quart, authenticate: Authenticate, requests: Requests) -> None:
    """Checks every request of `app` before its view runs.

    Raises SignInNeeded (401), NotAllowed (403) or TooManyRequests (429).
    """

    @app.before_request
    async def check() -> None:
        if request.url_rule is None:
            requests.spend(None)  # a request for an unknown path counts as well
            return
        roles = allowed(app.view_functions.get(str(request.endpoint)))
        if roles is None:
            raise NotAllowed
        identity = await authenticate()
        g.identity = identity
        requests.spend(identity)
        if not roles:
            return
        if identity is None:
            raise SignInNeeded
        if identity.role not in roles:
            raise NotAllowed

    @app.after_request
    async def tell_what_is_left(response: Response) -> Response:
        for name, value in rate_limit_headers().items():
            response.headers.setdefault(name, value)
        return response
