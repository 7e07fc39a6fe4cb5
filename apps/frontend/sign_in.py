"""Staff sign in with the password or the printed link, and out again."""

import httpx
from quart import Quart, Response, make_response, redirect, render_template, request

from apps.domain.errors import ForeignOrigin, SignInNeeded
from apps.frontend.identity import COOKIE, Visitors
from apps.kit.access import EVERYONE, allow
from apps.kit.encoding import to_json
from apps.kit.http import Unreachable, as_service, relayed

HOME = "/kitchen"
PAGES = frozenset({"/kitchen", "/display", "/"})


def _next() -> str:
    wanted = request.args.get("next", HOME)
    return wanted if wanted in PAGES else HOME


async def _open(visitors: Visitors, proof: dict[str, str]) -> tuple[str, int]:
    """A new session's token and its seconds. Raises SignInNeeded where the proof is none."""
    headers = {**as_service(visitors.secret, "frontend"), "Content-Type": "application/json"}
    try:
        answer = await visitors.orders.post("/sessions", headers=headers, content=to_json(proof))
    except httpx.TransportError as error:
        raise Unreachable from error
    if answer.status_code == 201:
        session = answer.json()
        return session["token"], session["seconds"]
    refusal = relayed(answer)
    raise SignInNeeded(refusal.detail) if answer.status_code in (401, 422) else refusal


async def _enter(session: tuple[str, int], to: str) -> Response:
    token, seconds = session
    response = await make_response(redirect(to, 303))
    assert isinstance(response, Response)  # noqa: S101 - a redirect is one of Quart's own
    response.set_cookie(
        COOKIE, token, max_age=seconds, httponly=True, samesite="Lax", secure=request.scheme == "https", path="/"
    )
    return response


def register(app: Quart, visitors: Visitors) -> None:
    """Adds the routes to `app`."""

    async def form(error: SignInNeeded | None, status: int) -> Response:
        page = await render_template("sign-in.html", error=error.detail if error else None, next=_next())
        return Response(page, status=status, content_type="text/html; charset=utf-8")

    @app.get("/sign-in")
    @allow(EVERYONE)
    async def sign_in_page() -> Response:
        key = request.args.get("key")
        if key is None:
            return await form(None, 200)
        try:
            return await _enter(await _open(visitors, {"key": key[:1000]}), _next())
        except SignInNeeded as error:
            return await form(error, 401)

    @app.post("/sign-in")
    @allow(EVERYONE)
    async def sign_in() -> Response:
        if not visitors.is_own_origin(request.headers, missing_is_own=True):
            raise ForeignOrigin
        password = (await request.form).get("password", "")
        try:
            return await _enter(await _open(visitors, {"password": password[:200]}), _next())
        except SignInNeeded as error:
            if request.accept_mimetypes.best == "text/html":
                return await form(error, 401)
            raise

    _register_way_out(app, visitors)


def _register_way_out(app: Quart, visitors: Visitors) -> None:
    @app.post("/sign-out")
    @allow(EVERYONE)
    async def sign_out() -> Response:
        if not visitors.is_own_origin(request.headers, missing_is_own=COOKIE not in request.cookies):
            raise ForeignOrigin
        token = request.cookies.get(COOKIE)
        if token:
            digest = visitors.forget(token)
            try:
                await visitors.orders.delete(f"/sessions/{digest}", headers=as_service(visitors.secret, "frontend"))
            except httpx.TransportError as error:
                raise Unreachable from error
        response = await make_response(redirect("/sign-in", 303))
        assert isinstance(response, Response)  # noqa: S101 - a redirect is one of Quart's own
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="Lax")
        return response
