"""The database that a command works on: CAFE_DATABASE_URL, or the embedded one, started if it does not run."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager

import asyncpg

from apps.cli.local_database import embedded_server
from apps.kit.postgres import data_folder, embedded, programs
from apps.kit.settings.settings import Settings
from apps.kit.settings.state_folder import StateFolderError, held
from apps.kit.user_error import UserError


class DatabaseUnreachable(UserError):
    """There is no database to work on."""


@asynccontextmanager
async def database_to_read(settings: Settings) -> AsyncIterator[str]:
    """Yields the owner's URL of a café that may be running; older data is served by its own PostgreSQL version."""
    if settings.database_url:
        yield settings.database_url
        return
    data = settings.state_dir / "postgres"
    if not data.exists():
        raise DatabaseUnreachable(f"there is no café in {settings.state_dir}: set CAFE_STATE_DIR or CAFE_DATABASE_URL")
    with ExitStack() as stack:
        try:
            stack.enter_context(held(settings.state_dir))
        except StateFolderError:
            yield _address(settings)
            return
        theirs, binaries = data_folder.version_of(data), embedded.binaries_in_wheel()
        if theirs != data_folder.major_version(binaries):
            binaries = programs.server_of(theirs)
        async with embedded_server(settings, _discard, asyncio.Event(), binaries) as server:
            yield server.url()


@asynccontextmanager
async def database_to_fill(settings: Settings) -> AsyncIterator[str]:
    """Yields the owner's URL of the database to restore into; the state folder is locked meanwhile."""
    if settings.database_url:
        yield settings.database_url
        return
    with held(settings.state_dir):
        async with embedded_server(settings, _discard, asyncio.Event()) as server:
            yield server.url()


@asynccontextmanager
async def open_connection(url: str) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    """A single connection. Raises DatabaseUnreachable where it cannot be opened."""
    try:
        connection = await asyncpg.connect(url, timeout=10)
    except (OSError, asyncpg.PostgresError, ValueError) as error:
        raise DatabaseUnreachable(f"cannot reach the database: {error or type(error).__name__}") from None
    try:
        yield connection
    finally:
        await connection.close()


def _address(settings: Settings) -> str:
    try:
        return (settings.state_dir / "database-url").read_text().strip()
    except OSError:
        raise DatabaseUnreachable("the café is starting or stopping: please try again in a moment") from None


def _discard(_: str) -> None:
    """Prints nothing: PostgreSQL's own log has its messages."""
