"""A service that is told to stop finishes what it began."""

import asyncio

import asyncpg

from tests.cafe import RunningCafe, bearer, eventually


async def test_a_write_in_flight_is_finished_and_answered(cafe: RunningCafe) -> None:
    number = (await cafe.order())["order_number"]
    holder = await asyncpg.connect(cafe.database_url)
    transaction = holder.transaction()
    await transaction.start()
    await holder.execute("SELECT FROM orders WHERE order_number = $1 FOR UPDATE", number)
    move = asyncio.create_task(
        cafe.http.put(f"{cafe.orders}/orders/{number}", json={"status": "preparing"}, headers=bearer())
    )

    async def is_waiting() -> bool:
        return bool(await holder.fetchval("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))

    await eventually(is_waiting)
    stopping = asyncio.create_task(cafe.stop("orders"))
    await eventually(lambda: _refuses(cafe))
    await transaction.rollback()
    answer = await move
    assert (answer.status_code, answer.json()["status"]) == (200, "preparing")
    await stopping
    assert await holder.fetchval("SELECT status FROM orders WHERE order_number = $1", number) == "preparing"
    await holder.close()


async def _refuses(cafe: RunningCafe) -> bool:
    return (await cafe.http.get(f"{cafe.orders}/health")).status_code == 503
