"""Applies pending migrations with dbmate, under an advisory lock."""

import os
import shutil
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg

from apps.kit.paths import ROOT
from apps.kit.process.child_process import outcome
from apps.kit.user_error import UserError

MIGRATIONS = ROOT / "sql" / "migrations"
LOCK = 0x636166C3A9  # an arbitrary number: the bytes of "café" in Latin-1
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class MigrationFailed(UserError):
    """The database could not be brought to this release; the message is dbmate's own."""


async def migrate(database_url: str, folder: Path = MIGRATIONS) -> None:
    """Applies what is pending, then roles.sql beside `folder`.

    The advisory lock belongs to the connection, so it ends with it.
    """
    roles = _text(folder.with_name("roles.sql"))
    try:
        guard = await asyncpg.connect(database_url, timeout=10)
    except (OSError, asyncpg.PostgresError, ValueError) as error:
        raise MigrationFailed(f"cannot reach the database to migrate: {error or type(error).__name__}") from None
    try:
        await guard.execute("select pg_advisory_lock($1)", LOCK)
        await _dbmate(database_url, folder)
        await _grant(guard, roles)
    finally:
        guard.terminate()


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


async def _grant(owner: "asyncpg.Connection[asyncpg.Record]", roles: str) -> None:
    if not roles:
        return
    try:
        await owner.execute(roles)
    except asyncpg.PostgresError as error:
        raise MigrationFailed(f"could not give the services' roles their rights: {error}") from None


async def _dbmate(database_url: str, folder: Path) -> None:
    program = shutil.which("dbmate", path=str(Path(sys.executable).parent)) or shutil.which("dbmate")
    if not program:
        raise MigrationFailed("the program dbmate is missing: ./cafe installs it")
    argv = ["--env-file", os.devnull, "--migrations-dir", str(folder), "--no-dump-schema", "migrate"]
    env = {"PATH": os.environ.get("PATH", ""), "DATABASE_URL": _for_dbmate(database_url)}
    # each migration is a transaction: a stop rolls back the one in progress
    status, output = await outcome([program, *argv], env=env)
    if status:
        raise MigrationFailed(output)


def _for_dbmate(url: str) -> str:
    """dbmate's driver demands TLS by default, which a server on loopback seldom has."""
    parts = urlsplit(url)
    if parts.hostname not in LOOPBACK or "sslmode" in parse_qs(parts.query):
        return url
    return url + ("&" if parts.query else "?") + "sslmode=disable"
