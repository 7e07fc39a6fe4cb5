"""Inserts the sample menu where there is none."""

import asyncpg

from apps.cli.queries import queries
from apps.kit.paths import ROOT

MENU = ROOT / "sql" / "menu.sql"


async def insert_sample_menu(owner_url: str) -> None:
    """Leaves an existing menu unchanged, whatever is on it."""
    connection = await asyncpg.connect(owner_url, timeout=10)
    try:
        async with connection.transaction():
            await queries.lock_menu(connection)
            if await queries.menu_is_empty(connection):
                await connection.execute(MENU.read_text())
    finally:
        await connection.close()
