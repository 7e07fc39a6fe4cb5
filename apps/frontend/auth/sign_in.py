"""Staff sign in with the password or the printed link, and out again: here, or everywhere at once."""

import httpx
from quart import Quart, Response, make_response, redirect, render_template, request

from apps.frontend.auth.identity import Authenticator, cookie_name, is_secure, session_in
from apps.kit.errors import ApiError, ForeignOrigin, SignInNeeded
from apps.kit.web.access import EVERYONE, allow
from apps.kit.web.client_address import client_address_header
from apps.kit.web.encoding import to_json
from apps.kit.web.http_client import Unreachable, as_service, relayed

HOME = "/kitchen"
PAGES = frozenset({"/kitchen", "/display", "/"})


def next_page() -> str:
    """Where to go after the sign-in: to a page of ours and nowhere else."""
    wanted = request.args.get("next", HOME)
    return wanted if wanted in PAGES else HOME


async def _ask(
    authenticator: Authenticator, method: str, path: str, body: dict[str, str] | None = None
) -> httpx.Response:
    headers = {**as_service(authenticator.secret, "frontend"), **client_address_header(authenticator.secret)}
    if body is not None:
        headers["Content-Type"] = "application/json"
    content = None if body is None else to_json(body)
    try:
        return await authenticator.sessions.orders.request(method, path, headers=headers, content=content)
    except httpx.TransportError as error:
        raise Unreachable from error


async def open_session(authenticator: Authenticator, proof: dict[str, str]) -> tuple[str, int]:
    """A new session's token and its seconds. Raises SignInNeeded where the proof is none, or TooManyRequests."""
    answer = await _ask(authenticator, "POST", "/sessions", proof)
    if answer.status_code == 201:
        session = answer.json()
        return session["token"], session["seconds"]
    refusal = relayed(answer)
    raise SignInNeeded(refusal.detail) if answer.status_code in (401, 422) else refusal


async def enter(session: tuple[str, int], to: str) -> Response:
    """Sends a browser on, with its session's cookie."""
    token, seconds = session
    secure = is_secure()
    response = await make_response(redirect(to, 303))
    assert isinstance(response, Response)  # noqa: S101 - a redirect is one of Quart's own
    response.set_cookie(
        cookie_name(secure=secure), token, max_age=seconds, httponly=True, samesite="Lax", secure=secure, path="/"
    )
    return response


async def form(error: ApiError | None) -> Response:
    """The page that asks for the password."""
    page = await render_template("sign-in.html", error=error.detail if error else None, next=next_page())
    status = error.status if error else 200
    response = Response(page, status=status, content_type="text/html; charset=utf-8")
    response.headers.update(error.headers if error else {})
    return response


def register(app: Quart, authenticator: Authenticator) -> None:
    """Adds the routes to `app`."""

    @app.get("/sign-in")
    @allow(EVERYONE)
    async def sign_in_page() -> Response:
        key = request.args.get("key")
        if key is None:
            return await form(None)
        try:
            return await enter(await open_session(authenticator, {"key": key[:1000]}), next_page())
        except SignInNeeded as error:
            return await form(error)

    @app.post("/sign-in")
    @allow(EVERYONE)
    async def sign_in() -> Response:
        if not authenticator.is_own_request(missing_is_own=True):
            raise ForeignOrigin
        password = (await request.form).get("password", "")
        try:
            return await enter(await open_session(authenticator, {"password": password[:200]}), next_page())
        except ApiError as error:
            if error.status in (401, 429) and request.accept_mimetypes.best == "text/html":
                return await form(error)
            raise

    _register_way_out(app, authenticator)


def _register_way_out(app: Quart, authenticator: Authenticator) -> None:
    @app.post("/sign-out")
    @allow(EVERYONE)
    async def sign_out() -> Response:
        secure = is_secure()
        token = session_in(request.headers, secure=secure)
        if not authenticator.is_own_request(missing_is_own=token is None):
            raise ForeignOrigin
        if token:
            everywhere = (await request.form).get("everywhere") == "1"
            if everywhere and await authenticator.sessions.identity(token) is None:
                raise SignInNeeded
            digest = authenticator.sessions.forget(token)
            answer = await _ask(authenticator, "DELETE", "/sessions" if everywhere else f"/sessions/{digest}")
            if answer.status_code != 204:
                raise relayed(answer)
        response = await make_response(redirect("/sign-in", 303))
        assert isinstance(response, Response)  # noqa: S101 - a redirect is one of Quart's own
        response.delete_cookie(cookie_name(secure=secure), path="/", httponly=True, samesite="Lax", secure=secure)
        return response
