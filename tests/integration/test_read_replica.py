"""Lists and statistics come from a replica while it keeps up, and from the primary whenever it does not."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from apps.orders import read_router
from tests.cafe import RunningCafe, bearer, eventually, run_cafe
from tests.integration.standby import Standby
from tests.ports import free_port
from tests.postgres import PostgresServer

pytestmark = pytest.mark.skipif(not Path("/proc/self").exists(), reason="stops processes that it finds in /proc")


@pytest.fixture
def standby(postgres_server: PostgresServer, database_url: str) -> Iterator[Standby]:
    """Follows the server on which this test's database is."""
    folder = Path(tempfile.mkdtemp(prefix="cafe-tests-"))
    folder.chmod(0o711)
    try:
        one = Standby(folder, postgres_server)
        one.start()
        try:
            yield one
        finally:
            one.hang(really=False)
            one.stop("immediate")
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def in_short_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_router, "LOOK_EVERY_SECONDS", 0.05)
    monkeypatch.setattr(read_router, "MOST_BEHIND_SECONDS", 0.3)
    monkeypatch.setattr(read_router, "PATIENCE_SECONDS", 1.0)


@pytest.fixture
async def cafe(in_short_time: None, standby: Standby, database_url: str) -> AsyncIterator[RunningCafe]:
    replica = standby.url(database_url.rpartition("/")[2])
    async with run_cafe(database_url, CAFE_READ_DATABASE_URL=replica) as running:
        yield running


async def listed(cafe: RunningCafe) -> list[dict[str, Any]]:
    answer = await cafe.http.get(f"{cafe.orders}/orders", headers=bearer())
    assert answer.status_code == 200, answer.text
    orders: list[dict[str, Any]] = answer.json()
    return orders


async def counted(cafe: RunningCafe) -> int:
    answer = await cafe.http.get(f"{cafe.frontend}/api/kitchen/stats", headers=bearer())
    assert answer.status_code == 200, answer.text
    return int(answer.json()["counts"]["ordered"])


def shows(cafe: RunningCafe, number: int) -> Callable[[], Awaitable[bool]]:
    async def enough() -> bool:
        return len(await listed(cafe)) == number == await counted(cafe)

    return enough


async def until_it_is_read(cafe: RunningCafe, standby: Standby) -> None:
    """Asks for lists until one comes from the replica."""
    before = standby.lists_asked_of_it()

    async def has_been() -> bool:
        await listed(cafe)
        return standby.lists_asked_of_it() > before

    await eventually(has_been)


async def test_lists_and_statistics_are_read_there_and_what_one_has_just_written_is_not(
    cafe: RunningCafe, standby: Standby, database_url: str
) -> None:
    first = await cafe.order("Ana")
    await eventually(shows(cafe, 1))
    await until_it_is_read(cafe, standby)
    standby.pause(really=True)
    try:
        second = await cafe.order("Ben")
        found = await cafe.http.get(f"{cafe.orders}/orders/{second['order_number']}")
        assert found.status_code == 200, "by its number an order is there at once"
        board = (await cafe.http.get(f"{cafe.orders}/board", headers=bearer())).json()
        assert [order["id"] for order in board["orders"]] == [first["id"], second["id"]]
        events = (await cafe.http.get(f"{cafe.orders}/orders/events?after=0", headers=bearer())).json()
        assert events["head"] == 2
        await eventually(shows(cafe, 2))  # it is too far behind by now, so the primary answers
        assert await standby_orders(standby, database_url) == 1
    finally:
        standby.pause(really=False)
    await cafe.order("Cleo")
    await eventually(shows(cafe, 3))


async def standby_orders(standby: Standby, database_url: str) -> int:
    connection = await asyncpg.connect(standby.url(database_url.rpartition("/")[2]))
    try:
        return int(await connection.fetchval("select count(*) from orders"))
    finally:
        await connection.close()


@pytest.mark.parametrize("trouble", ["stopped", "hanging"])
async def test_no_request_fails_when_it_goes_away_and_it_is_used_again_when_it_is_back(
    cafe: RunningCafe, standby: Standby, database_url: str, trouble: str
) -> None:
    await cafe.order("Ana")
    await eventually(shows(cafe, 1))
    await until_it_is_read(cafe, standby)
    if trouble == "stopped":
        standby.stop("immediate")
    else:
        standby.hang(really=True)
    for number in range(2, 6):
        await cafe.order("Ben")
        await eventually(shows(cafe, number))
    if trouble == "stopped":
        standby.start()
    else:
        standby.hang(really=False)
    await until_it_is_read(cafe, standby)


async def test_one_that_was_promoted_and_goes_its_own_way_is_left_alone(
    cafe: RunningCafe, standby: Standby, database_url: str
) -> None:
    await cafe.order("Ana")
    await eventually(shows(cafe, 1))
    await until_it_is_read(cafe, standby)
    standby.promote()
    own_way = await asyncpg.connect(standby.url(database_url.rpartition("/")[2]))
    await own_way.execute("update orders set customer_name = 'Somebody else'")
    await own_way.close()

    async def true_again() -> bool:
        return [order["customer_name"] for order in await listed(cafe)] == ["Ana"]

    await eventually(true_again)
    await cafe.order("Ben")
    await eventually(shows(cafe, 2))


async def test_a_cafe_opens_and_lists_without_its_replica(in_short_time: None, database_url: str) -> None:
    nowhere = f"postgresql://cafe:none@127.0.0.1:{free_port()}/cafe"
    async with run_cafe(database_url, CAFE_READ_DATABASE_URL=nowhere) as cafe:
        await cafe.order("Ana")
        assert [order["customer_name"] for order in await listed(cafe)] == ["Ana"]
