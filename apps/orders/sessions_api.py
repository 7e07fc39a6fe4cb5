"""/sessions: staff sessions, kept here for the frontend, which may read no table."""

import hashlib
import secrets

from quart import Quart, Response

from apps.kit.errors import NotFound, SignInNeeded
from apps.kit.settings.settings import Settings
from apps.kit.web.access import SERVICE, allow
from apps.kit.web.bodies import read_body
from apps.kit.web.encoding import to_json, utc_text
from apps.kit.web.openapi import describe
from apps.kit.web.passwords import Password, hashed
from apps.kit.web.service import json_response
from apps.kit.web.tokens import read_sign_in_key
from apps.orders.bodies import SignIn
from apps.orders.cafe import Cafe
from apps.orders.limits import Limits
from apps.orders.queries import queries

SESSION_SECONDS = 12 * 60 * 60


def _hash_in(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise NotFound from None


def register(app: Quart, cafe: Cafe, settings: Settings, limits: Limits) -> None:
    """Adds the routes to `app`."""
    password = Password(hashed(settings.staff_password) if settings.staff_password else "")

    async def prove(body: SignIn) -> None:
        async with cafe.database.connection() as connection:
            await limits.spend_sign_in(connection)
        if body.key is not None:
            key_id, issued_at = read_sign_in_key(settings.secret, body.key)
            async with cafe.database.connection() as connection:
                if await queries.spend_sign_in_key(connection, key_id=key_id, issued_at=issued_at) is None:
                    raise SignInNeeded("That link was used already. Please sign in with the password.")
            return
        if not await password.matches(body.password or ""):
            raise SignInNeeded("That is not the password.")

    @app.post("/sessions")
    @allow(SERVICE)
    @describe(
        "Open a staff session with the password or a sign-in key.",
        tag="sessions",
        body=SignIn,
        status=201,
        problems=(429, 503),
    )
    async def open_session() -> Response:
        await prove(await read_body(SignIn))
        token = secrets.token_urlsafe(32)
        async with cafe.database.connection() as connection:
            await queries.open_session(
                connection, token_hash=hashlib.sha256(token.encode()).digest(), seconds=SESSION_SECONDS
            )
        return json_response(to_json({"token": token, "seconds": SESSION_SECONDS}), 201)

    @app.get("/sessions/<token_hash>")
    @allow(SERVICE)
    @describe(
        "Until when a session is good; its token's SHA-256 in hexadecimal names it.",
        tag="sessions",
        problems=(404, 503),
    )
    async def session(token_hash: str) -> Response:
        async with cafe.database.connection() as connection:
            expires = await queries.find_session(connection, token_hash=_hash_in(token_hash))
        if expires is None:
            raise NotFound
        return json_response(to_json({"expires_at": utc_text(expires)}))

    @app.delete("/sessions/<token_hash>")
    @allow(SERVICE)
    @describe("End a session.", tag="sessions", status=204, problems=(404, 503))
    async def close_session(token_hash: str) -> Response:
        async with cafe.database.connection() as connection:
            await queries.close_session(connection, token_hash=_hash_in(token_hash))
        return Response(b"", status=204)

    @app.delete("/sessions")
    @allow(SERVICE)
    @describe("End all sessions: everybody must sign in again.", tag="sessions", status=204, problems=(503,))
    async def close_all_sessions() -> Response:
        async with cafe.database.connection() as connection:
            await queries.close_all_sessions(connection)
        return Response(b"", status=204)
