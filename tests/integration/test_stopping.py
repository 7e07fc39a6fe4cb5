"""A service that is told to stop finishes what it began."""

import asyncio

import asyncpg

from tests.cafe import RunningCafe, bearer, eventually


async def test_a_write_in_flight_is_finished_and_answered(cafe: RunningCafe) -> None:
    number = (await cafe.order())["order_number"]
    async with cafe.sql() as holder, asyncio.TaskGroup() as tasks:
        transaction = holder.transaction()
        await transaction.start()
        try:
            await holder.execute("SELECT FROM orders WHERE order_number = $1 FOR UPDATE", number)
            move = tasks.create_task(
                cafe.http.put(f"{cafe.orders}/orders/{number}", json={"status": "preparing"}, headers=bearer())
            )
            await eventually(lambda: _is_waiting(holder))
            tasks.create_task(cafe.stop("orders"))
            await eventually(lambda: _refuses(cafe))
        finally:
            await transaction.rollback()
        answer = await move
        assert (answer.status_code, answer.json()["status"]) == (200, "preparing")
    async with cafe.sql() as sql:
        assert await sql.fetchval("SELECT status FROM orders WHERE order_number = $1", number) == "preparing"


async def _is_waiting(holder: "asyncpg.Connection[asyncpg.Record]") -> bool:
    return bool(await holder.fetchval("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))


async def _refuses(cafe: RunningCafe) -> bool:
    return (await cafe.http.get(f"{cafe.orders}/health")).status_code == 503
