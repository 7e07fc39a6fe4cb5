"""Migrations: once each, also when several places begin at once, and with dbmate's own words when one fails."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from apps.kit.database.migrations import MIGRATIONS, MigrationFailed, migrate
from tests.postgres import PostgresServer

DOWN = "-- migrate:down\n"


@pytest.fixture
def empty_url(postgres_server: PostgresServer) -> Iterator[str]:
    url = postgres_server.create_database(template="template0")
    yield url
    postgres_server.drop(url)


async def ask(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_an_empty_database_becomes_a_cafe_and_a_second_time_changes_nothing(empty_url: str) -> None:
    await migrate(empty_url)
    applied = await ask(empty_url, "select count(*) from schema_migrations")
    await migrate(empty_url)
    assert (
        applied == await ask(empty_url, "select count(*) from schema_migrations") == len(list(MIGRATIONS.glob("*.sql")))
    )


async def test_eight_at_once_apply_each_migration_once(empty_url: str, tmp_path: Path) -> None:
    (tmp_path / "0001_count.sql").write_text("-- migrate:up\ncreate table times (n int);\n" + DOWN)
    (tmp_path / "0002_count.sql").write_text("-- migrate:up\ninsert into times values (1);\n" + DOWN)
    async with asyncio.TaskGroup() as places:
        for _ in range(8):
            places.create_task(migrate(empty_url, tmp_path))
    assert await ask(empty_url, "select count(*) from times") == 1


async def test_a_migration_that_fails_is_rolled_back_and_told_in_dbmates_words(empty_url: str, tmp_path: Path) -> None:
    (tmp_path / "0001_bad.sql").write_text("-- migrate:up\ncreate table half ();\nselect * from beans;\n" + DOWN)
    with pytest.raises(MigrationFailed, match='relation "beans" does not exist'):
        await migrate(empty_url, tmp_path)
    assert await ask(empty_url, "select to_regclass('half')") is None


async def test_a_database_that_is_not_there_is_told_plainly(postgres_server: PostgresServer) -> None:
    with pytest.raises(MigrationFailed, match="cannot reach the database"):
        await migrate(postgres_server.url("no_such_cafe"))


async def test_stopping_in_the_middle_ends_at_once_wherever_it_was(empty_url: str, tmp_path: Path) -> None:
    (tmp_path / "0001_slow.sql").write_text("-- migrate:up\nselect pg_sleep(60);\n" + DOWN)
    for patience in (0.0, 0.01, 0.02, 0.05, 0.5):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(10):
                await asyncio.wait_for(migrate(empty_url, tmp_path), patience)
