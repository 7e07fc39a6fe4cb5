"""What the database guards by itself, whoever writes."""

import asyncio
import json

import asyncpg
import pytest

from apps.orders.queries import QUERIES, queries

INSERT = "INSERT INTO orders (order_number, customer_name, items, total_price) VALUES ($1, 'Ana', '[]', 1) RETURNING id"


@pytest.fixture
async def sql(database_url: str):  # type: ignore[no-untyped-def]
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def test_every_statement_prepares_on_the_migrated_schema(sql: asyncpg.Connection) -> None:
    names = [name for name in queries.available_queries if not name.endswith("_cursor")]
    assert len(names) >= 18
    for name in names:
        await sql.prepare(getattr(queries, name).sql)
    assert {file.stem for file in QUERIES.glob("*.sql")} == {"keeping", "limits", "menu", "orders", "sessions", "stats"}


@pytest.mark.parametrize(
    "change",
    [
        "status = 'lost'",
        "status = NULL",
        "version = 0",
        "total_price = -1",
        "items = '{}'",
        "order_number = 'x'",
        "id = 99",
        "customer_name = NULL",
        "total_price = 1e9",
    ],
)
async def test_what_must_always_hold_is_refused(sql: asyncpg.Connection, change: str) -> None:
    await sql.fetchval(INSERT, "001-A")
    if change == "version = 0":
        await sql.execute(f"UPDATE orders SET {change}")  # noqa: S608 - the test's own text
        assert await sql.fetchval("SELECT version FROM orders") == 1
        return
    with pytest.raises(asyncpg.PostgresError):
        await sql.execute(f"UPDATE orders SET {change}")  # noqa: S608 - the test's own text


async def test_the_columns_of_the_contract_are_there(sql: asyncpg.Connection) -> None:
    columns = {
        row["column_name"]: (row["data_type"], row["character_maximum_length"])
        for row in await sql.fetch("SELECT * FROM information_schema.columns WHERE table_name = 'orders'")
    }
    assert columns["id"][0] == "integer"
    assert columns["order_number"] == ("character varying", 20)
    assert columns["customer_name"] == ("character varying", 100)
    assert columns["items"][0] == "jsonb"
    assert columns["total_price"][0] == "numeric"
    assert columns["status"] == ("character varying", 20)
    assert columns["created_at"][0] == columns["updated_at"][0] == "timestamp with time zone"
    indexes = {
        row["indexname"] for row in await sql.fetch("SELECT indexname FROM pg_indexes WHERE tablename = 'orders'")
    }
    assert {"idx_orders_order_number", "idx_orders_status", "idx_orders_created_at"} <= indexes
    triggers = {
        row["tgname"] for row in await sql.fetch("SELECT tgname FROM pg_trigger WHERE tgrelid = 'orders'::regclass")
    }
    assert "update_orders_updated_at" in triggers


async def test_a_rolled_back_change_leaves_no_event_and_no_hole(sql: asyncpg.Connection) -> None:
    await sql.fetchval(INSERT, "001-A")
    with pytest.raises(ZeroDivisionError):
        async with sql.transaction():
            await sql.execute("UPDATE orders SET status = 'preparing'")
            await sql.execute("SET CONSTRAINTS ALL IMMEDIATE")
            assert await sql.fetchval("SELECT seq FROM stream_head") == 2
            raise ZeroDivisionError
    await sql.execute("UPDATE orders SET status = 'preparing'")
    assert [row["seq"] for row in await sql.fetch("SELECT seq FROM order_events ORDER BY seq")] == [1, 2]


async def test_seq_is_dense_in_commit_order_under_many_writers(sql: asyncpg.Connection, database_url: str) -> None:
    heard: list[tuple[int, int]] = []
    await sql.add_listener("cafe_orders", lambda *about: heard.append(_position(about[3])))

    async def write(writer: int) -> None:
        connection = await asyncpg.connect(database_url)
        try:
            for turn in range(25):
                if turn % 5 == 4:
                    transaction = connection.transaction()
                    await transaction.start()
                    await connection.execute(INSERT, f"x{writer}-{turn}")
                    await transaction.rollback()
                else:
                    await connection.execute(INSERT, f"{writer}-{turn}")
        finally:
            await connection.close()

    await asyncio.gather(*(write(writer) for writer in range(8)))
    await sql.execute("SELECT 1")
    assert [seq for seq, _ in heard] == list(range(1, 161)), "each once, in order, none for what was rolled back"


def _position(payload: str) -> tuple[int, int]:
    document = json.loads(payload)
    return document["seq"], document["order"]["version"]


async def test_an_open_transaction_holds_up_nobody_else(sql: asyncpg.Connection, database_url: str) -> None:
    await sql.fetchval(INSERT, "001-A")
    await sql.fetchval(INSERT, "002-B")
    other = await asyncpg.connect(database_url)
    async with sql.transaction():
        await sql.execute("UPDATE orders SET status = 'preparing' WHERE order_number = '001-A'")
        await asyncio.wait_for(other.execute("UPDATE orders SET status = 'preparing' WHERE order_number = '002-B'"), 5)
    await other.close()
    log = await sql.fetch("SELECT seq, body ->> 'order_number' AS number FROM order_events ORDER BY seq")
    assert [(row["seq"], row["number"]) for row in log][2:] == [(3, "002-B"), (4, "001-A")]


async def test_the_listening_role_can_listen_and_read_no_table(sql: asyncpg.Connection) -> None:
    readable = await sql.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'S', 'p') "
        "AND has_table_privilege('cafe_listen', oid, 'SELECT')"
    )
    assert readable == []
    await sql.execute("SET ROLE cafe_listen")
    await sql.execute("LISTEN cafe_orders")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await sql.execute("SELECT * FROM orders")


async def test_the_orders_role_cannot_rewrite_history(sql: asyncpg.Connection) -> None:
    await sql.execute("SET ROLE cafe_orders")
    await sql.fetchval(INSERT, "001-A")
    assert await sql.fetchval("SELECT count(*) FROM order_events") == 1
    for statement in (
        "DELETE FROM order_events",
        "UPDATE stream_head SET seq = 0",
        "DELETE FROM orders",
        "SELECT advance_stream()",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await sql.execute(statement)


async def test_a_copied_database_begins_another_epoch_before_it_writes_history(
    sql: asyncpg.Connection,
    postgres_server,
    database_url: str,  # type: ignore[no-untyped-def]
) -> None:
    await sql.fetchval(INSERT, "001-A")
    before = await sql.fetchval("SELECT epoch FROM stream_head")
    await sql.close()
    copy_url = postgres_server.create_database(template=database_url.rpartition("/")[2])
    try:
        copy = await asyncpg.connect(copy_url)
        assert await copy.fetchval("SELECT epoch FROM stream_head") == before
        await copy.execute("UPDATE orders SET status = 'preparing'")
        row = await copy.fetchrow("SELECT seq, epoch FROM stream_head")
        assert row["seq"] == 2
        assert row["epoch"] != before
        await copy.close()
    finally:
        postgres_server.drop(copy_url)
