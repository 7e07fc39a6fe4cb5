"""Bearer tokens: JWT (RFC 7519) signed with the café's secret by HS256, and nothing else is accepted."""

import secrets
import time
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from apps.domain.errors import SignInNeeded

ISSUER = "cafe-lumiere"
API = "cafe-lumiere"
SIGN_IN = "cafe-lumiere/sign-in"
SIGN_IN_KEY_LIFETIME = timedelta(hours=24)


class Role(StrEnum):
    """What a caller is allowed to be."""

    STAFF = "staff"
    SERVICE = "service"


@dataclass(frozen=True)
class Identity:
    """Who is calling: `subject` is what the history calls them."""

    subject: str
    role: Role


def _sign(secret: str, audience: str, lifetime: timedelta, claims: dict[str, str]) -> str:
    now = int(time.time())
    times = {"iat": now, "exp": now + max(1, round(lifetime.total_seconds()))}
    return jwt.encode({"alg": "HS256"}, {"iss": ISSUER, "aud": audience, **times, **claims}, OctKey.import_key(secret))


def _read(secret: str, token: str, audience: str) -> dict[str, object]:
    registry = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": ISSUER}, aud={"essential": True, "value": audience}, exp={"essential": True}
    )
    try:
        decoded = jwt.decode(token, OctKey.import_key(secret), algorithms=["HS256"])
        registry.validate(decoded.claims)
    except (JoseError, ValueError, TypeError) as error:
        raise SignInNeeded("That token is not valid, or no longer.") from error
    return decoded.claims


def mint(secret: str, *, subject: str, role: Role | str, lifetime: timedelta) -> str:
    """A token that lets its bearer act as `role`; whole seconds, at least one."""
    return _sign(secret, API, lifetime, {"sub": subject, "role": Role(role).value})


def read(secret: str, token: str) -> Identity:
    """Who a token speaks for. Raises SignInNeeded."""
    claims = _read(secret, token, API)
    try:
        return Identity(str(claims["sub"]), Role(str(claims["role"])))
    except (KeyError, ValueError) as error:
        raise SignInNeeded("That token does not say who it is for.") from error


def mint_sign_in_key(secret: str) -> str:
    """The key of a sign-in link; good once, for 24 hours."""
    return _sign(secret, SIGN_IN, SIGN_IN_KEY_LIFETIME, {"jti": secrets.token_urlsafe(16)})


def read_sign_in_key(secret: str, key: str) -> str:
    """The id of a genuine sign-in key, under which it is remembered as used. Raises SignInNeeded."""
    return str(_read(secret, key, SIGN_IN).get("jti", ""))
