"""What a café need not know for ever it forgets, without one of its promises being broken."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from apps.api.roles import ORDERS_ROLE
from apps.kit.database.pool import Database, open_database
from apps.kit.database.roles import as_role, open_roles
from apps.orders.retention import BATCH, Keeper
from tests.cafe import RunningCafe, bearer, eventually, run_cafe

Sql = asyncpg.Connection


@pytest.fixture
async def sql(database_url: str) -> AsyncIterator[Sql]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The database as the orders service has it: with the rights of its role."""
    password = secrets.token_hex(16)
    await open_roles(database_url, {ORDERS_ROLE: password})
    async with open_database(as_role(database_url, ORDERS_ROLE, password), attempts=1) as opened:
        yield opened


async def days_pass(sql: Sql, days: int) -> None:
    """Everything happened that much earlier."""
    async with sql.transaction():
        await sql.execute("SET LOCAL session_replication_role = replica")  # no trigger: this is no change
        for table, columns in {
            "orders": ("created_at", "updated_at", "ordered_at", "preparing_at", "ready_at", "served_at"),
            "order_events": ("committed_at",),
            "idempotency_keys": ("created_at",),
            "staff_sessions": ("created_at", "expires_at"),
            "spent_sign_in_keys": ("spent_at",),
        }.items():
            earlier = ", ".join(f"{column} = {column} - make_interval(days => {days})" for column in columns)
            await sql.execute(f"UPDATE {table} SET {earlier}")  # noqa: S608 - the test's own text


async def insert(sql: Sql, number: str, status: str = "served", name: str = "Ana Secreta") -> int:
    items = json.dumps([{"id": 1, "name": "Espresso", "price": 2, "quantity": 1, "notes": f"for {name}"}])
    found: int = await sql.fetchval(
        "INSERT INTO orders (order_number, customer_name, items, total_price, status) "
        "VALUES ($1, $2, $3, 2, $4) RETURNING id",
        number,
        name,
        items,
        status,
    )
    return found


async def mentions(sql: Sql, word: str) -> dict[str, int]:
    """In which tables a word stands, in how many rows."""
    tables = await sql.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
    )
    counts = {
        row["relname"]: await sql.fetchval(
            f"SELECT count(*) FROM {row['relname']} AS each WHERE each::text LIKE '%' || $1 || '%'",  # noqa: S608
            word,
        )
        for row in tables
    }
    return {table: count for table, count in counts.items() if count}


async def whole_orders(sql: Sql) -> list[dict[str, Any]]:
    return [
        json.loads(row["body"])
        for row in await sql.fetch("SELECT order_json(orders.*) AS body FROM orders ORDER BY id")
    ]


async def test_a_name_is_nowhere_any_more_and_nothing_else_has_changed(
    cafe: RunningCafe, sql: Sql, database: Database
) -> None:
    body = {"customer_name": "Ana Secreta", "items": [{"id": 1, "quantity": 1, "notes": "for Secreta"}]}
    placed = await cafe.http.post(f"{cafe.frontend}/api/orders", json=body, headers={"Idempotency-Key": "once"})
    for step in ("start", "ready", "serve"):
        await cafe.step(placed.json()["order_number"], step)
    await cafe.order("Ben Presente")
    await sql.execute("UPDATE orders SET served_at = served_at WHERE true")
    heard: list[str] = []
    await sql.add_listener("cafe_orders", lambda *about: heard.append(about[3]))
    async with sql.transaction():
        await days_pass(sql, 31)
        await sql.execute("SET LOCAL session_replication_role = replica")
        await sql.execute("UPDATE orders SET updated_at = now() WHERE customer_name = 'Ben Presente'")
    assert set(await mentions(sql, "Secreta")) == {"orders", "order_events", "idempotency_keys"}
    before, head = await whole_orders(sql), await sql.fetchval("SELECT seq FROM stream_head")

    await Keeper(database, 30, None).sweep()

    assert await mentions(sql, "Secreta") == {}
    assert await mentions(sql, "Presente") == {"orders": 1, "order_events": 1}
    after = await whole_orders(sql)
    for order in before:
        if order["customer_name"] == "Ana Secreta":
            order["customer_name"] = "—"
            order["items"][0]["notes"] = ""
    assert after == before, "version, price, times and what was ordered are as they were"
    bodies = await sql.fetch("SELECT body FROM order_events WHERE order_id = $1 ORDER BY seq", before[0]["id"])
    assert [json.loads(row["body"])["status"] for row in bodies] == ["ordered", "preparing", "ready", "served"]
    assert {**json.loads(bodies[-1]["body"]), "served_at": 0}.keys() == before[0].keys()
    assert await sql.fetchval("SELECT seq FROM stream_head") == head
    await sql.execute("UPDATE orders SET status = 'preparing' WHERE customer_name = 'Ben Presente'")
    await sql.execute("SELECT 1")
    assert [json.loads(each)["seq"] for each in heard] == [head + 1], "no screen was told anything before"


async def test_names_that_are_still_needed_stay(sql: Sql, database: Database) -> None:
    for number, status in (("001-A", "ordered"), ("002-B", "preparing"), ("003-C", "ready")):
        await insert(sql, number, status)
    await days_pass(sql, 400)
    await insert(sql, "004-D", "served", name="Ben Presente")
    await days_pass(sql, 29)
    await Keeper(database, 30, None).sweep()
    assert await mentions(sql, "Secreta") == {"orders": 3, "order_events": 3}
    assert await mentions(sql, "Presente") == {"orders": 1, "order_events": 1}


async def test_erasing_by_hand_erases_and_can_do_nothing_else(sql: Sql) -> None:
    await insert(sql, "001-A", "served")
    await insert(sql, "002-B", "ready")
    before = (await whole_orders(sql))[0]
    await sql.execute(
        "UPDATE orders SET erased_at = now(), customer_name = 'Eve', status = 'cancelled', total_price = 0, "
        "items = '[]', version = 9 WHERE order_number = '001-A'"
    )
    after = (await whole_orders(sql))[0]
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"customer_name", "items"}
    assert (after["customer_name"], after["items"][0]["notes"], after["items"][0]["name"]) == ("—", "", "Espresso")
    assert await sql.fetchval("SELECT seq FROM stream_head") == 2
    assert await mentions(sql, "Secreta") == {"orders": 1, "order_events": 1}, "those of the other order"
    await sql.execute("UPDATE orders SET erased_at = NULL WHERE order_number = '001-A'")
    assert await sql.fetchval("SELECT erased_at IS NOT NULL FROM orders WHERE order_number = '001-A'")
    with pytest.raises(asyncpg.RaiseError, match="still being made"):
        await sql.execute("UPDATE orders SET erased_at = now() WHERE order_number = '002-B'")


async def test_the_history_of_an_order_deleted_by_hand_loses_its_name_as_well(sql: Sql, database: Database) -> None:
    await insert(sql, "001-A", "ready")
    await sql.execute("DELETE FROM orders")
    await days_pass(sql, 31)
    await Keeper(database, 30, None).sweep()
    assert await mentions(sql, "Secreta") == {}
    assert await sql.fetchval("SELECT count(*) FROM order_events") == 2


async def test_old_finished_orders_are_gone_with_the_history_of_their_time(
    cafe: RunningCafe, sql: Sql, database: Database
) -> None:
    done, waiting = await insert(sql, "001-A", "served"), await insert(sql, "002-B", "ready")
    await days_pass(sql, 10)
    young = await insert(sql, "003-C", "served")
    assert await sql.fetchval("SELECT seq FROM stream_head") == 3
    async with cafe.screen("/ws/kitchen", staff=True) as kitchen:
        await kitchen.next()
        await Keeper(database, 30, 9).sweep()
        ids = [row["id"] for row in await sql.fetch("SELECT id FROM orders ORDER BY id")]
        assert ids == [waiting, young], f"{done} is gone, and nothing that is still waiting"
        gone = await cafe.http.get(f"{cafe.orders}/orders/001-A")
        assert (gone.status_code, gone.json()["code"]) == (404, "order_not_found")
        await sql.execute("UPDATE orders SET status = 'served' WHERE id = $1", waiting)
        assert (await kitchen.change())["seq"] == 4, "to the screens nothing has happened"

    async def events(after: int) -> Any:
        return await cafe.http.get(f"{cafe.orders}/orders/events?after={after}", headers=bearer())

    for after in (0, 1):
        refused = await events(after)
        assert (refused.status_code, refused.json()["code"], refused.json()["first_after"]) == (
            410,
            "history_forgotten",
            2,
        )
    assert [event["seq"] for event in (await events(2)).json()["events"]] == [3, 4]
    assert (await events(4)).json()["events"] == []


async def test_a_frontend_that_was_away_longer_than_the_history_reads_the_board_afresh(
    cafe: RunningCafe, sql: Sql, database: Database
) -> None:
    await cafe.order()
    await cafe.stop("orders")
    async with sql.transaction():
        await insert(sql, "002-B", "ready")
    await insert(sql, "003-C", "served")
    await days_pass(sql, 10)
    await insert(sql, "004-D", "ready")
    await days_pass(sql, 10)
    await Keeper(database, 30, 9).sweep()
    assert await sql.fetchval("SELECT count(*) FROM order_events") == 0
    cafe.start("orders")
    await cafe.until_healthy()

    async def follows() -> bool:
        answer = await cafe.http.get(f"{cafe.frontend}/api/kitchen/orders", headers=bearer())
        return "Cafe-Stale-Since" not in answer.headers and len(answer.json()) == 3

    await eventually(follows)
    async with cafe.screen("/ws/kitchen", staff=True) as kitchen:
        assert (await kitchen.next())["seq"] == 4
        # too large for a notification: it can only come from the log
        await sql.execute("UPDATE orders SET items = jsonb_build_array(repeat('x', 8000)) WHERE order_number = '004-D'")
        await kitchen.until(lambda message: message["type"] in ("change", "snapshot") and message["seq"] == 5)


async def test_history_is_forgotten_only_from_its_beginning(sql: Sql, database: Database) -> None:
    for n in range(4):
        await insert(sql, f"00{n}-A")
    await sql.execute("UPDATE order_events SET committed_at = committed_at - interval '10 days' WHERE seq IN (1, 3, 4)")
    await Keeper(database, 30, 9).sweep()
    assert [row["seq"] for row in await sql.fetch("SELECT seq FROM order_events ORDER BY seq")] == [2, 3, 4]


async def test_the_services_own_role_cannot_shorten_the_memory_below_a_day(sql: Sql, database: Database) -> None:
    await insert(sql, "001-A")
    async with database.connection() as connection:
        for function in ("forget_orders", "forget_events", "erase_lost_history"):
            assert await connection.fetchval(f"SELECT {function}(interval '0', 1000)") == 0
        for forbidden in ("DELETE FROM orders", "UPDATE order_events SET erased = true"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(forbidden)
    await sql.execute("SET ROLE cafe_listen")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await sql.execute("SELECT forget_orders(interval '9 days', 1)")


async def test_of_several_replicas_one_works(sql: Sql, database: Database) -> None:
    await sql.execute(
        "INSERT INTO orders (order_number, customer_name, items, total_price, status) "
        "SELECT 'x' || n, 'Ana Secreta', '[]', 1, 'served' FROM generate_series(1, $1::int) n",
        2 * BATCH + 50,
    )
    await days_pass(sql, 31)
    lock = "SELECT pg_advisory_lock(109237108883369)"
    await sql.execute(lock)
    await Keeper(database, 30, 30).sweep()
    assert await sql.fetchval("SELECT count(*) FROM orders") == 2 * BATCH + 50
    await sql.execute(lock.replace("lock(", "unlock("))
    await asyncio.gather(*(Keeper(database, 30, 30).sweep() for _ in range(3)))
    await Keeper(database, 30, 30).sweep()
    assert await sql.fetchval("SELECT count(*) FROM orders") == 0
    assert await sql.fetchval("SELECT count(*) FROM order_events") == 0


async def test_what_has_expired_is_cleared_away(sql: Sql, database: Database) -> None:
    fill = (
        "INSERT INTO idempotency_keys (key, request_hash, answer) VALUES ($1, '', 'Secreta')",
        "INSERT INTO spent_sign_in_keys (key_id) VALUES ($1)",
        "INSERT INTO staff_sessions SELECT convert_to($1, 'UTF8'), now(), now() + interval '12 hours'",
        "INSERT INTO rate_limits (key, spent_until) VALUES ($1, now())",
    )
    for statement in fill:
        await sql.execute(statement, "old")
    await sql.execute("UPDATE rate_limits SET spent_until = now() - interval '1 hour'")
    await days_pass(sql, 3)
    for statement in fill:
        await sql.execute(statement, "new")
    await Keeper(database, 30, None).sweep()
    for table, column in (
        ("idempotency_keys", "key"),
        ("spent_sign_in_keys", "key_id"),
        ("staff_sessions", "convert_from(token_hash, 'UTF8')"),
        ("rate_limits", "key"),
    ):
        kept = await sql.fetch(f"SELECT {column} AS key FROM {table}")  # noqa: S608 - the test's own text
        assert [row["key"] for row in kept] == ["new"], table


async def test_the_orders_service_does_it_by_itself(sql: Sql, database_url: str) -> None:
    await insert(sql, "001-A")
    await days_pass(sql, 6)

    async def forgotten() -> bool:
        return not await mentions(sql, "Secreta")

    async with run_cafe(database_url, names=("orders",), CAFE_KEEP_NAMES_DAYS="5"):
        await eventually(forgotten)
