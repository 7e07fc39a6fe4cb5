"""The two addresses of a sign-in with an account elsewhere: away, and back."""

import hashlib
from dataclasses import asdict
from datetime import timedelta

import structlog
from quart import Quart, Response, make_response, redirect, request

from apps.frontend.auth.identity import Authenticator, is_secure
from apps.frontend.auth.oidc import Attempt, Issuer
from apps.frontend.auth.sign_in import enter, form, next_page, open_session
from apps.kit.errors import ApiError, NotFound, SignInNeeded
from apps.kit.web.access import EVERYONE, allow
from apps.kit.web.tokens import mint_sign_in_key, seal, unseal

log = structlog.get_logger("cafe.sign_in")

PURPOSE = "openid"
LIFETIME = timedelta(minutes=10)


def _cookie() -> str:
    return "__Host-cafe_openid" if is_secure() else "cafe_openid"


def _callback() -> str:
    return f"{request.scheme}://{request.host}/sign-in/openid/callback"


def register(app: Quart, authenticator: Authenticator, issuer: Issuer | None) -> None:
    """Adds the routes to `app`; without an issuer there is nothing at them."""
    app.jinja_env.globals["openid"] = issuer is not None

    @app.get("/sign-in/openid")
    @allow(EVERYONE)
    async def openid_begin() -> Response:
        if issuer is None:
            raise NotFound
        attempt = Attempt.begin()
        response = await make_response(redirect(await issuer.address(attempt, _callback()), 303))
        assert isinstance(response, Response)  # noqa: S101 - a redirect is one of Quart's own
        parcel = seal(authenticator.secret, PURPOSE, {**asdict(attempt), "next": next_page()}, LIFETIME)
        age = int(LIFETIME.total_seconds())
        response.set_cookie(_cookie(), parcel, max_age=age, httponly=True, samesite="Lax", secure=is_secure(), path="/")
        return response

    @app.get("/sign-in/openid/callback")
    @allow(EVERYONE)
    async def openid_callback() -> Response:
        if issuer is None:
            raise NotFound
        try:
            kept = unseal(authenticator.secret, PURPOSE, request.cookies.get(_cookie(), ""))
            attempt = Attempt(kept["state"], kept["nonce"], kept["verifier"])
            email = await issuer.email(attempt, _callback(), request.args.to_dict())
            session = await open_session(authenticator, {"key": mint_sign_in_key(authenticator.secret)})
            response = await enter(session, kept["next"])
            who = hashlib.sha256(session[0].encode()).hexdigest()[:8]
            log.info("staff signed in", actor=f"staff:{who}", email=email)
        except ApiError as error:
            if error.status not in (401, 403, 429):
                raise
            response = await form(error if error.status != 401 else SignInNeeded(error.detail))
        response.delete_cookie(_cookie(), path="/", httponly=True, samesite="Lax", secure=is_secure())
        return response
