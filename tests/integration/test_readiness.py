"""/readyz: whether requests may be sent to a service; the database has no say in it."""

import asyncio

import asyncpg
import httpx
import pytest

from tests.cafe import CREATE, RunningCafe, bearer, eventually, settings_for
from tests.postgres import PostgresServer


async def readiness(cafe: RunningCafe, service: str) -> httpx.Response:
    return await cafe.http.get(f"{cafe.settings.address_of(service)}/readyz")


@pytest.mark.parametrize("service", CREATE)
async def test_a_service_that_has_started_is_ready_and_says_so_in_its_document(cafe: RunningCafe, service: str) -> None:
    answer = await readiness(cafe, service)
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "service": service, "stale_since": None})
    document = (await cafe.http.get(f"{cafe.settings.address_of(service)}/openapi.json")).json()
    assert set(document["paths"]["/readyz"]["get"]["responses"]) >= {"200", "503"}


async def test_a_frontend_is_not_ready_before_its_first_board(database_url: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        cafe = RunningCafe(settings_for(database_url), database_url, http)
        cafe.start("frontend")

        async def answers(status: int) -> bool:
            try:
                return (await readiness(cafe, "frontend")).status_code == status
            except httpx.TransportError:
                return False

        try:
            await eventually(lambda: answers(503))
            cafe.start("orders")
            await eventually(lambda: answers(200))
        finally:
            for name in cafe.tasks:
                await cafe.stop(name)


async def test_a_frontend_stays_ready_while_only_the_database_is_away_and_says_since_when(
    cafe: RunningCafe, postgres_server: PostgresServer
) -> None:
    async def is_stale() -> bool:
        return (await cafe.http.get(f"{cafe.frontend}/health")).status_code == 503

    postgres_server.stop("immediate")
    try:
        await eventually(is_stale, 30)
        for service in CREATE:
            assert (await readiness(cafe, service)).status_code == 200, service
        assert (await readiness(cafe, "frontend")).json()["stale_since"].endswith("Z")
        assert (await readiness(cafe, "orders")).json()["stale_since"] is None
    finally:
        postgres_server.start()
    await cafe.until_healthy()
    assert (await readiness(cafe, "frontend")).json()["stale_since"] is None


async def test_a_service_that_stops_is_not_ready_while_it_finishes_its_work(cafe: RunningCafe) -> None:
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

    async def is_not_ready() -> bool:
        return (await readiness(cafe, "orders")).status_code == 503

    try:
        await eventually(is_waiting)
        stopping = asyncio.create_task(cafe.stop("orders"))
        await eventually(is_not_ready)
    finally:
        await transaction.rollback()
        await holder.close()
    assert (await move).status_code == 200
    await stopping
