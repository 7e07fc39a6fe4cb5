"""PostgreSQL's client programs on this machine: those of the wheel, and installed ones."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from apps.kit.postgres.embedded import EmbeddedError, binaries_in_wheel
from apps.kit.user_error import UserError

USUAL_FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Library/PostgreSQL/*/bin",
)
ENCRYPTED = {"require", "verify-ca", "verify-full"}


class NoSuchProgram(UserError):
    """A program of PostgreSQL is not on this machine, or too old."""


@dataclass(frozen=True)
class Programs:
    """A folder with pg_dump, pg_restore and psql of one version."""

    major: int
    folder: Path
    has_tls: bool

    def path(self, name: str) -> str:
        return str(self.folder / name)


def found() -> list[Programs]:
    """All there are, oldest first; of one version, those with TLS first."""
    each = [*_installed(), *_of_the_wheel()]
    return sorted(each, key=lambda one: (one.major, not one.has_tls))


def at_least(major: int, url: str, what_for: str) -> Programs:
    """The oldest that are new enough, with TLS where `url` demands it. Raises NoSuchProgram."""
    encrypted = dict(parse_qsl(urlsplit(url).query)).get("sslmode") in ENCRYPTED
    usable = [one for one in found() if one.has_tls or not encrypted]
    for one in usable:
        if one.major >= major:
            return one
    newest = f"the newest here is {usable[-1].major}" if usable else "there are none here"
    tls = " that speak TLS" if encrypted else ""
    raise NoSuchProgram(
        f"{what_for} needs pg_dump, pg_restore and psql{tls} of PostgreSQL {major} or newer, and {newest}: "
        f"install the package postgresql-client-{major} (or a newer one)"
    )


def server_of(major: int) -> Path:
    """The folder of a PostgreSQL server of exactly that major version. Raises NoSuchProgram."""
    for one in found():
        if one.major == major and (one.folder / "postgres").exists():
            return one.folder
    raise NoSuchProgram(f"PostgreSQL {major} is not on this machine: install the package postgresql-{major} for it")


def without_password(url: str) -> tuple[str, dict[str, str]]:
    """A URL without its password, safe in a process list, and the environment with PGPASSWORD."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    password = query.pop("password", None) or (unquote(parts.password) if parts.password else None)
    user, at, place = parts.netloc.rpartition("@")
    shown = parts._replace(netloc=user.partition(":")[0] + at + place, query=urlencode(query, quote_via=quote))
    env = {"PATH": os.environ.get("PATH", ""), "HOME": os.environ.get("HOME", "/"), "LC_ALL": "C"}
    kept = {name: value for name, value in os.environ.items() if name.startswith("PG")}
    return urlunsplit(shown), kept | env | ({"PGPASSWORD": password} if password else {})


def _installed() -> Iterator[Programs]:
    folders = [folder for place in USUAL_FOLDERS for folder in Path("/").glob(place.lstrip("/"))]
    if on_path := shutil.which("pg_dump"):
        folders.append(Path(on_path).parent)
    for folder in folders:
        if major := _major(folder):
            yield Programs(major, folder, has_tls=True)


def _of_the_wheel() -> Iterator[Programs]:
    try:
        folder = binaries_in_wheel()
    except EmbeddedError:
        return
    if major := _major(folder):
        yield Programs(major, folder, has_tls=False)


def _major(folder: Path) -> int:
    if not all((folder / name).exists() for name in ("pg_dump", "pg_restore", "psql")):
        return 0
    asked = [str(folder / "pg_dump"), "--version"]
    output = subprocess.run(asked, check=False, capture_output=True, text=True).stdout  # noqa: S603 - a path of our own
    version = re.search(r"\) (\d+)", output)
    return int(version[1]) if version else 0
