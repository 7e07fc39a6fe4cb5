"""The database under a running café: the embedded one, or the one CAFE_DATABASE_URL names."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from apps.cli.children import DatabaseUrls
from apps.cli.console import Console
from apps.kit import data_folder, embedded
from apps.kit.migrations import migrate
from apps.kit.roles import LISTEN_ROLE, ORDERS_ROLE, open_roles, role_password
from apps.kit.settings import Settings
from apps.kit.starting_menu import fill_empty_menu
from apps.kit.state_folder import generated_once
from apps.kit.supervisor import Child, supervised
from apps.kit.unprivileged import choose

LOG_LINES_SHOWN = 15


@asynccontextmanager
async def database(settings: Settings, console: Console, hurry: asyncio.Event) -> AsyncIterator[DatabaseUrls]:
    """Migrated, with a menu, and running for as long as the block does."""
    if settings.database_url:
        if not settings.listen_url:
            console.tell(
                "CAFE_LISTEN_URL is not set: the frontend listens as CAFE_DATABASE_URL (production refuses this)"
            )
        await _stock(settings.database_url)
        yield DatabaseUrls(settings.database_url, settings.database_url, settings.listen_url or settings.database_url)
        return
    server = await _prepared(settings)
    log = settings.state_dir / "postgres.log"
    log.write_bytes(b"")
    child = Child(
        "PostgreSQL",
        start=lambda: server.start(log),
        farewells=embedded.FAREWELLS,
        hint=lambda: "\n".join(["Its log ends:", *log.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:]]),
    )
    async with supervised([child], console.tell, hurry) as settled:
        await server.ready()
        settled.set()
        await _stock(server.url())
        await open_roles(server.url(), settings.secret)
        yield DatabaseUrls(
            owner=server.url(),
            orders=server.url(user=ORDERS_ROLE, password=role_password(settings.secret, ORDERS_ROLE)),
            listen=settings.listen_url
            or server.url(user=LISTEN_ROLE, password=role_password(settings.secret, LISTEN_ROLE)),
        )


async def _stock(owner_url: str) -> None:
    await migrate(owner_url)
    await fill_empty_menu(owner_url)


async def _prepared(settings: Settings) -> embedded.Server:
    binaries = embedded.binaries_in_wheel()
    run_as = choose(binaries, settings.state_dir)
    password = generated_once(settings.state_dir / "postgres-password", lambda: secrets.token_hex(24))
    data = settings.state_dir / "postgres"
    await data_folder.prepare(data, binaries, password, run_as)
    return embedded.Server(binaries, data, password, run_as)
