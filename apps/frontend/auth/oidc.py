"""Signing in with an account elsewhere: OpenID Connect's code flow with PKCE, state and nonce.

https://openid.net/specs/openid-connect-core-1_0.html section 3.1, RFC 7636, RFC 9207.
"""

import hmac
import secrets
from dataclasses import dataclass
from typing import Any

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # type: ignore[import-untyped]
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]
from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from apps.kit.errors import NotAllowed, SignInNeeded
from apps.kit.web.http_client import Unreachable

ALGORITHMS = ["RS256", "ES256"]
CLOCKS_MAY_DIFFER_SECONDS = 60


class NotStaff(NotAllowed):
    """That account is not one of this café's staff."""


@dataclass(frozen=True)
class Attempt:
    """What must come back, and to whom: kept by the browser that began, in a signed cookie."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def begin(cls) -> "Attempt":
        return cls(*(secrets.token_urlsafe(32) for _ in range(3)))


@dataclass(frozen=True)
class Issuer:
    """Who vouches for staff, and which of the people they know are staff: addresses, or all at `@example.com`."""

    http: httpx.AsyncClient
    url: str
    client_id: str
    client_secret: str
    allowed: tuple[str, ...]

    async def address(self, attempt: Attempt, redirect_uri: str) -> str:
        """Where to send a browser that wants to sign in. Raises Unreachable."""
        return str(
            prepare_grant_uri(
                (await self._metadata())["authorization_endpoint"],
                self.client_id,
                "code",
                redirect_uri=redirect_uri,
                scope="openid email",
                state=attempt.state,
                nonce=attempt.nonce,
                code_challenge=create_s256_code_challenge(attempt.verifier),
                code_challenge_method="S256",
            )
        )

    async def email(self, attempt: Attempt, redirect_uri: str, answer: dict[str, str]) -> str:
        """Whose account the browser came back with. Raises SignInNeeded, NotStaff or Unreachable."""
        same = hmac.compare_digest(answer.get("state", "").encode(), attempt.state.encode())
        if not same or "code" not in answer:
            raise SignInNeeded("That sign-in was not finished. Please begin again.")
        metadata = await self._metadata()
        if answer.get("iss", metadata["issuer"]) != metadata["issuer"]:
            raise SignInNeeded("That answer is from another sign-in service.")
        tokens = await self._exchange(metadata["token_endpoint"], answer["code"], attempt, redirect_uri)
        claims = self._claims(tokens, await self._get(metadata["jwks_uri"]), attempt, metadata["issuer"])
        email = str(claims.get("email", "")).lower()
        if claims.get("email_verified") is not True or not self._is_staff(email):
            raise NotStaff
        return email

    def _is_staff(self, email: str) -> bool:
        return bool(email) and (email in self.allowed or "@" + email.rpartition("@")[2] in self.allowed)

    def _claims(self, tokens: dict[str, Any], keys: dict[str, Any], attempt: Attempt, issuer: str) -> dict[str, Any]:
        try:
            token = jwt.decode(tokens["id_token"], KeySet.import_key_set(keys), algorithms=ALGORITHMS)  # type: ignore[arg-type]
            claims = CodeIDToken(
                token.claims,
                token.header,
                {"iss": {"essential": True, "value": issuer}, "aud": {"essential": True, "value": self.client_id}},
                {"nonce": attempt.nonce, "client_id": self.client_id, "access_token": tokens.get("access_token")},
            )
            claims.validate(leeway=CLOCKS_MAY_DIFFER_SECONDS)
        except (JoseError, KeyError, ValueError, TypeError) as error:
            raise SignInNeeded("What the sign-in service said is not valid. Please begin again.") from error
        return dict(claims)

    async def _exchange(self, url: str, code: str, attempt: Attempt, redirect_uri: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": attempt.verifier,
        }
        try:
            answer = await self.http.post(url, data=form, auth=(self.client_id, self.client_secret))
        except httpx.TransportError as error:
            raise Unreachable from error
        if 400 <= answer.status_code < 500:
            raise SignInNeeded("The sign-in service did not accept that. Please begin again.")
        return _object(answer)

    async def _metadata(self) -> dict[str, Any]:
        metadata = await self._get(f"{self.url}/.well-known/openid-configuration")
        if str(metadata.get("issuer", "")).rstrip("/") != self.url:  # settings lose a slash at the end
            raise Unreachable
        return metadata

    async def _get(self, url: str) -> dict[str, Any]:
        try:
            return _object(await self.http.get(url))
        except httpx.TransportError as error:
            raise Unreachable from error


def _object(answer: httpx.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError as error:
        raise Unreachable from error
    if answer.status_code != 200 or not isinstance(body, dict):
        raise Unreachable
    return body
