"""Passwords of the database roles that services log in with."""

import asyncio
import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import aiosql
import asyncpg

from apps.kit.paths import ROOT
from apps.kit.user_error import UserError

SCRAM_ITERATIONS = 4096
PASSWORD_CHARACTERS = 16
ATTEMPTS = 20
queries: Any = aiosql.from_path(ROOT / "sql" / "administration" / "roles.sql", "asyncpg")


class RoleRefused(UserError):
    """A role cannot be given its password."""


def role_password(secret: str, role: str) -> str:
    """Derives a role's password from the signing key, by HMAC-SHA256."""
    return hmac.new(secret.encode(), role.encode(), hashlib.sha256).hexdigest()


def fault_in_password(password: str) -> str:
    """What is wrong with a role's password; empty where it is acceptable."""
    if not (password.isascii() and password.isprintable() and " " not in password):
        return "should be printable ASCII without blanks"
    if len(password) < PASSWORD_CHARACTERS or len(set(password)) < PASSWORD_CHARACTERS // 2:
        return f"is weak: use {PASSWORD_CHARACTERS} random characters or more, such as `openssl rand -hex 24` prints"
    return ""


def scram_verifier(password: str) -> str:
    """The SCRAM verifier that PostgreSQL stores (RFC 5803), so that the password itself is never sent or logged."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, SCRAM_ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    written = [base64.b64encode(each).decode() for each in (salt, stored, server)]
    return f"SCRAM-SHA-256${SCRAM_ITERATIONS}:{written[0]}${written[1]}:{written[2]}"


def as_role(url: str, role: str, password: str) -> str:
    """The same database, for another role."""
    parts = urlsplit(url)
    _, _, place = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{quote(role, safe='')}:{quote(password, safe='')}@{place}"))


async def missing_roles(owner_url: str, roles: Iterable[str]) -> list[str]:
    """Those of `roles` that this server does not have."""
    connection = await asyncpg.connect(owner_url, timeout=10)
    try:
        return [role for role in roles if not await queries.role_exists(connection, role=role)]
    finally:
        await connection.close()


async def open_roles(owner_url: str, passwords: Mapping[str, str]) -> None:
    """Lets each role log in with its password. Raises RoleRefused where the owner may not do that."""
    connection = await asyncpg.connect(owner_url, timeout=10)
    try:
        for role, password in passwords.items():
            try:
                await _open(connection, role, password)
            except (asyncpg.InsufficientPrivilegeError, asyncpg.UndefinedObjectError) as error:
                # an administrator may have set this password already
                if not await _lets_in(as_role(owner_url, role, password)):
                    raise RoleRefused(
                        f"this database's owner may not give {role} its password ({error}): let an administrator run "
                        f"CREATE ROLE {role} LOGIN PASSWORD '…' (or ALTER ROLE), then run `./cafe migrate` once more"
                    ) from None
    finally:
        await connection.close()


async def _open(connection: "asyncpg.Connection[asyncpg.Record]", role: str, password: str) -> None:
    statement = await queries.alter_role_statement(connection, role=role, verifier=scram_verifier(password))
    for attempt in range(1, ATTEMPTS + 1):
        try:
            await connection.execute(statement)
        except asyncpg.InternalServerError:
            # "tuple concurrently updated": another session alters the same role
            if attempt == ATTEMPTS:
                raise
        else:
            return
        await asyncio.sleep(0.01 * attempt)


async def _lets_in(url: str) -> bool:
    try:
        connection = await asyncpg.connect(url, timeout=10)
    except (OSError, asyncpg.PostgresError):
        return False
    await connection.close()
    return True
