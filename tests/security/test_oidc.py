"""Signing in with an account elsewhere, against a small issuer that this test starts."""

import asyncio
import base64
import hashlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from hypercorn.asyncio import serve
from hypercorn.config import Config
from joserfc import jwt
from joserfc.jwk import RSAKey
from quart import Quart, Response, redirect, request

from apps.kit.settings.production import refusals
from apps.kit.settings.settings import Settings, SettingsError
from tests.cafe import RunningCafe, eventually, run_cafe
from tests.ports import free_port

CLIENT, CLIENT_SECRET = "cafe", "a client secret"


@dataclass
class SmallIssuer:
    """Everybody who comes is signed in at once; `lies` go into the next token instead of the truth."""

    url: str
    lies: dict[str, Any] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}, private=True))
    signs_with: RSAKey | None = None
    algorithm: str = "RS256"
    asked: dict[str, dict[str, str]] = field(default_factory=dict)

    def app(self) -> Quart:
        app = Quart("issuer")

        @app.get("/.well-known/openid-configuration")
        async def configuration() -> dict[str, str]:
            ends = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
            return {"issuer": self.url, **{name: f"{self.url}/{end}" for name, end in ends.items()}}

        @app.get("/keys")
        async def keys() -> dict[str, Any]:
            return {"keys": [self.key.as_dict(private=False)]}

        @app.get("/authorize")
        async def authorize() -> Any:
            asked = request.args.to_dict()
            assert (asked["response_type"], asked["client_id"]) == ("code", CLIENT)
            assert asked["code_challenge_method"] == "S256"
            code = f"code-{len(self.asked)}"
            self.asked[code] = asked
            return redirect(f"{asked['redirect_uri']}?code={code}&state={asked['state']}&iss={self.url}")

        @app.post("/token")
        async def token() -> Any:
            form = await request.form
            asked = self.asked.pop(form["code"], None)
            challenge = hashlib.sha256(form["code_verifier"].encode()).digest()
            known = request.authorization == ("basic", {"username": CLIENT, "password": CLIENT_SECRET}) or (
                request.authorization is not None
                and (request.authorization.username, request.authorization.password) == (CLIENT, CLIENT_SECRET)
            )
            if (
                asked is None
                or not known
                or form["redirect_uri"] != asked["redirect_uri"]
                or base64.urlsafe_b64encode(challenge).rstrip(b"=").decode() != asked["code_challenge"]
            ):
                return Response('{"error":"invalid_grant"}', status=400, content_type="application/json")
            return {"access_token": "opaque", "token_type": "Bearer", "id_token": self.id_token(asked["nonce"])}

        return app

    def id_token(self, nonce: str) -> str:
        now = int(time.time())
        truth = {"iss": self.url, "sub": "42", "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce}
        truth |= {"email": "Maria@cafe.example", "email_verified": True}
        claims = {name: value for name, value in {**truth, **self.lies}.items() if value is not None}
        return jwt.encode({"alg": self.algorithm, "kid": "one"}, claims, self.signs_with or self.key)


@asynccontextmanager
async def serving() -> AsyncIterator[SmallIssuer]:
    issuer, stop, config = SmallIssuer(f"http://127.0.0.1:{free_port()}"), asyncio.Event(), Config()
    config.bind, config.errorlog = [issuer.url.removeprefix("http://")], None

    async def until() -> None:
        await stop.wait()

    running = asyncio.create_task(serve(issuer.app(), config, shutdown_trigger=until))
    async with httpx.AsyncClient(trust_env=False) as http:

        async def up() -> bool:
            try:
                return (await http.get(f"{issuer.url}/keys")).status_code == 200
            except httpx.TransportError:
                return False

        await eventually(up)
    try:
        yield issuer
    finally:
        stop.set()
        await running


@pytest.fixture
async def issuer() -> AsyncIterator[SmallIssuer]:
    async with serving() as small:
        yield small


def variables(issuer: SmallIssuer, allowed: str = "boss@other.example, maria@CAFE.example") -> dict[str, str]:
    return {
        "CAFE_OIDC_ISSUER": issuer.url,
        "CAFE_OIDC_CLIENT_ID": CLIENT,
        "CAFE_OIDC_CLIENT_SECRET": CLIENT_SECRET,
        "CAFE_OIDC_ALLOWED": allowed,
    }


@pytest.fixture
async def open_cafe(database_url: str, issuer: SmallIssuer) -> AsyncIterator[RunningCafe]:
    async with run_cafe(database_url, **variables(issuer)) as cafe:
        yield cafe


async def go(cafe: RunningCafe, start: str = "/sign-in/openid?next=/kitchen") -> str:
    """Away to the issuer; the address at which the browser comes back."""
    away = await cafe.http.get(cafe.frontend + start)
    assert away.status_code == 303, away.text
    back = await cafe.http.get(away.headers["Location"])
    return str(back.headers["Location"])


async def is_staff(cafe: RunningCafe) -> bool:
    return (await cafe.http.get(f"{cafe.frontend}/api/kitchen/orders")).status_code == 200


async def test_staff_sign_in_with_their_account(open_cafe: RunningCafe) -> None:
    cafe = open_cafe
    assert 'href="/sign-in/openid' in (await cafe.http.get(f"{cafe.frontend}/sign-in")).text
    back = await go(cafe)
    assert back.startswith(f"{cafe.frontend}/sign-in/openid/callback?")
    answer = await cafe.http.get(back)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/kitchen")
    assert await is_staff(cafe)
    cookies = answer.headers.get_list("Set-Cookie")
    assert any(cookie.startswith("cafe_session=") and "HttpOnly" in cookie for cookie in cookies)
    assert any(cookie.startswith("cafe_openid=;") for cookie in cookies), "the attempt is over"


@pytest.mark.parametrize(
    ("lies", "status"),
    [
        ({"nonce": "another"}, 401),
        ({"nonce": None}, 401),
        ({"aud": "somebody-else"}, 401),
        ({"aud": "somebody-else", "azp": CLIENT}, 401),
        ({"iss": "http://evil.example"}, 401),
        ({"exp": 1}, 401),
        ({"exp": None}, 401),
        ({"email": "mallory@cafe.example"}, 403),
        ({"email": "maria@cafe.example.evil.example"}, 403),
        ({"email": None}, 403),
        ({"email_verified": False}, 403),
        ({"email_verified": None}, 403),
        ({"email_verified": "true"}, 403),
    ],
    ids=str,
)
async def test_a_token_with_one_thing_wrong_opens_nothing(
    open_cafe: RunningCafe, issuer: SmallIssuer, lies: dict[str, Any], status: int
) -> None:
    issuer.lies = lies
    assert (await open_cafe.http.get(await go(open_cafe))).status_code == status
    assert not await is_staff(open_cafe)


async def test_a_token_must_be_signed_by_the_issuer(open_cafe: RunningCafe, issuer: SmallIssuer) -> None:
    issuer.signs_with = RSAKey.generate_key(2048, {"kid": "one"}, private=True)
    assert (await open_cafe.http.get(await go(open_cafe))).status_code == 401
    assert not await is_staff(open_cafe)


async def test_an_answer_is_good_only_in_the_browser_that_asked_and_only_once(open_cafe: RunningCafe) -> None:
    cafe = open_cafe
    back = await go(cafe)
    stolen = dict(cafe.http.cookies)
    cafe.http.cookies.clear()
    assert (await cafe.http.get(back)).status_code == 401, "another browser: forged sign-in"
    await go(cafe)
    assert (await cafe.http.get(back)).status_code == 401, "the state of another attempt"
    cafe.http.cookies.clear()
    cafe.http.cookies.update(stolen)
    evil = back.partition("&iss=")[0] + "&iss=http://evil.example"
    assert (await cafe.http.get(evil)).status_code == 401, "another issuer's answer (RFC 9207)"
    cafe.http.cookies.update(stolen)
    assert (await cafe.http.get(back)).status_code == 303
    cafe.http.cookies.clear()
    cafe.http.cookies.update(stolen)
    assert (await cafe.http.get(back)).status_code == 401, "the code was used"


async def test_the_issuer_sees_a_challenge_and_never_the_verifier(open_cafe: RunningCafe) -> None:
    away = (await open_cafe.http.get(f"{open_cafe.frontend}/sign-in/openid?next=//evil.example")).headers["Location"]
    asked = parse_qs(urlsplit(away).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["scope"] == ["openid email"]
    assert len(asked["nonce"][0]) >= 40
    assert len(asked["state"][0]) >= 40
    assert "verifier" not in away
    back = (await open_cafe.http.get(away)).headers["Location"]
    assert (await open_cafe.http.get(back)).headers["Location"] == "/kitchen", "no open redirect"


async def test_a_whole_domain_may_be_staff(database_url: str, issuer: SmallIssuer) -> None:
    async with run_cafe(database_url, **variables(issuer, "@cafe.example")) as cafe:
        assert (await cafe.http.get(await go(cafe))).status_code == 303
        cafe.http.cookies.clear()
        issuer.lies = {"email": "maria@evilcafe.example"}
        assert (await cafe.http.get(await go(cafe))).status_code == 403


async def test_an_issuer_that_is_away_is_said_so(open_cafe: RunningCafe, issuer: SmallIssuer) -> None:
    back = await go(open_cafe)
    issuer.url = "http://127.0.0.1:9"  # its document now names another issuer
    assert (await open_cafe.http.get(back)).status_code == 503
    assert (await open_cafe.http.get(f"{open_cafe.frontend}/sign-in/openid")).status_code == 503


async def test_without_an_issuer_there_is_nothing(cafe: RunningCafe) -> None:
    for path in ("/sign-in/openid", "/sign-in/openid/callback?code=x&state=y"):
        assert (await cafe.http.get(cafe.frontend + path)).status_code == 404
    assert "openid" not in (await cafe.http.get(f"{cafe.frontend}/sign-in")).text


def test_half_a_configuration_is_refused() -> None:
    whole = variables(SmallIssuer("http://127.0.0.1:1"))
    for name in whole:
        with pytest.raises(SettingsError, match="belong together"):
            Settings.load({other: value for other, value in whole.items() if other != name})
    with pytest.raises(SettingsError, match="CAFE_OIDC_ALLOWED"):
        Settings.load({**whole, "CAFE_OIDC_ALLOWED": "*"})
    assert any(
        "CAFE_OIDC_ISSUER" in line
        for line in refusals(Settings.load({**whole, "CAFE_ENV": "production"}), "frontend", {})
    )
    assert CLIENT_SECRET not in repr(Settings.load(whole))
