"""The statements that commands send as the database's owner."""

import asyncpg
import pytest

from apps.cli.queries import queries as of_commands
from apps.kit.database.roles import queries as of_roles
from apps.kit.paths import ROOT
from apps.kit.postgres.embedded import queries as of_server


@pytest.mark.parametrize("queries", [of_commands, of_roles, of_server], ids=["cafe", "roles", "server"])
async def test_every_statement_prepares_on_the_migrated_schema(queries: object, database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        names = [name for name in queries.available_queries if not name.endswith("_cursor")]  # type: ignore[attr-defined]
        assert names
        for name in names:
            await connection.prepare(getattr(queries, name).sql)
    finally:
        await connection.close()


def test_every_file_of_them_is_prepared_here() -> None:
    assert {file.stem for file in (ROOT / "sql" / "administration").glob("*.sql")} == {"cafe", "roles", "server"}
