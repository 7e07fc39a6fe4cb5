"""Bearer tokens: JWT (RFC 7519) signed with CAFE_SECRET by HS256; no other algorithm is accepted."""

import math
import secrets
import time
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from apps.kit.errors import SignInNeeded

ISSUER = "cafe-lumiere"
API = "cafe-lumiere"
SIGN_IN = "cafe-lumiere/sign-in"
CLIENT_ADDRESS = "cafe-lumiere/client-address"
SIGN_IN_KEY_LIFETIME = timedelta(hours=24)
CLIENT_ADDRESS_LIFETIME = timedelta(minutes=1)


class Role(StrEnum):
    """The roles of callers."""

    STAFF = "staff"
    SERVICE = "service"


@dataclass(frozen=True)
class Identity:
    """An authenticated caller; `subject` is the actor in the event log.

    `expires_at` is in seconds since 1970; `session` is the hash of the session, where there is one.
    """

    subject: str
    role: Role
    expires_at: float = field(default=math.inf, compare=False)
    session: str = field(default="", compare=False)


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
        return Identity(str(claims["sub"]), Role(str(claims["role"])), float(str(claims["exp"])))
    except (KeyError, ValueError) as error:
        raise SignInNeeded("That token does not say who it is for.") from error


def mint_sign_in_key(secret: str) -> str:
    """The key of a sign-in link; good once, for 24 hours."""
    return _sign(secret, SIGN_IN, SIGN_IN_KEY_LIFETIME, {"jti": secrets.token_urlsafe(16)})


def read_sign_in_key(secret: str, key: str) -> tuple[str, float]:
    """A genuine sign-in key's id, under which it is remembered as used, and when it was made. Raises SignInNeeded."""
    claims = _read(secret, key, SIGN_IN)
    return str(claims.get("jti", "")), float(str(claims.get("iat", 0)))


def mint_client_address(secret: str, address: str) -> str:
    """A token by which one service passes a client's address on to another."""
    return _sign(secret, CLIENT_ADDRESS, CLIENT_ADDRESS_LIFETIME, {"sub": address})


def read_client_address(secret: str, token: str) -> str:
    """The address in such a token. Raises SignInNeeded."""
    return str(_read(secret, token, CLIENT_ADDRESS).get("sub", ""))


def seal(secret: str, purpose: str, claims: dict[str, str], lifetime: timedelta) -> str:
    """Signed claims for a client to bring back: readable, but not alterable."""
    return _sign(secret, f"{API}/{purpose}", lifetime, claims)


def unseal(secret: str, purpose: str, token: str) -> dict[str, str]:
    """What was sealed for that purpose. Raises SignInNeeded."""
    return {name: str(value) for name, value in _read(secret, token, f"{API}/{purpose}").items()}
