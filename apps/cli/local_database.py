"""The database of `cafe up`: the embedded one, or CAFE_DATABASE_URL."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from apps.api.roles import LISTEN_ROLE, ORDERS_ROLE
from apps.cli.children import DatabaseUrls
from apps.cli.console import Console
from apps.cli.migrate import role_passwords
from apps.cli.sample_menu import insert_sample_menu
from apps.kit.database.migrations import migrate
from apps.kit.database.roles import as_role, open_roles, role_password
from apps.kit.postgres import data_folder, embedded
from apps.kit.postgres.run_as import choose_account
from apps.kit.process.supervisor import Child, Notify, supervised
from apps.kit.settings.settings import Settings
from apps.kit.settings.state_folder import generated_once

LOG_LINES_SHOWN = 15


@asynccontextmanager
async def database(settings: Settings, console: Console, force_stop: asyncio.Event) -> AsyncIterator[DatabaseUrls]:
    """Yields the URLs of a migrated database with a menu; an embedded server runs while the block does."""
    if settings.database_url:
        yield await _external(settings, settings.database_url, console)
        return
    async with embedded_server(settings, console.notify, force_stop) as server:
        await _migrate_and_fill(server.url())
        passwords = {role: role_password(settings.secret, role) for role in (ORDERS_ROLE, LISTEN_ROLE)}
        yield await _as_each_role(server.url(), passwords, settings.listen_url)


@asynccontextmanager
async def embedded_server(
    settings: Settings, notify: Notify, force_stop: asyncio.Event, binaries: Path | None = None
) -> AsyncIterator[embedded.Server]:
    """Supervises the embedded PostgreSQL while the block runs; `binaries` names another version of it."""
    server = await _prepare(settings, binaries or embedded.binaries_in_wheel())
    log = settings.state_dir / "postgres.log"
    log.write_bytes(b"")
    child = Child(
        "PostgreSQL",
        start=lambda: server.start(log),
        stop_signals=embedded.STOP_SIGNALS,
        hint=lambda: "\n".join(["Its log ends:", *log.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:]]),
    )
    async with supervised([child], notify, force_stop) as all_started:
        await server.ready()
        all_started.set()
        yield server


async def _external(settings: Settings, owner_url: str, console: Console) -> DatabaseUrls:
    """Services log in with their own roles where passwords are set, else as the owner."""
    passwords = role_passwords(settings)
    if not settings.listen_url and LISTEN_ROLE not in passwords:
        console.notify(
            "CAFE_LISTEN_URL is not set: the frontend listens as CAFE_DATABASE_URL (production refuses this)"
        )
    await _migrate_and_fill(owner_url)
    return await _as_each_role(owner_url, passwords, settings.listen_url)


async def _as_each_role(owner_url: str, passwords: dict[str, str], listen_url: str | None) -> DatabaseUrls:
    await open_roles(owner_url, passwords)
    urls = {role: as_role(owner_url, role, password) for role, password in passwords.items()}
    return DatabaseUrls(
        owner=owner_url,
        orders=urls.get(ORDERS_ROLE, owner_url),
        listen=listen_url or urls.get(LISTEN_ROLE, owner_url),
    )


async def _migrate_and_fill(owner_url: str) -> None:
    await migrate(owner_url)
    await insert_sample_menu(owner_url)


async def _prepare(settings: Settings, binaries: Path) -> embedded.Server:
    run_as = choose_account(binaries, settings.state_dir)
    password = generated_once(settings.state_dir / "postgres-password", lambda: secrets.token_hex(24))
    data = settings.state_dir / "postgres"
    await data_folder.prepare(data, binaries, password, run_as)
    return embedded.Server(binaries, data, password, run_as)
