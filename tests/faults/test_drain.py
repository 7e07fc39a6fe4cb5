"""A restart without harm: everyone is told, nobody misses anything, and what was begun is finished."""

import asyncio
import random
import signal
import time

import httpx
import pytest

from tests.cafe import CREATE, RunningCafe, bearer, eventually
from tests.faults.checker import judge
from tests.faults.conftest import Measured
from tests.faults.evidence import read_evidence
from tests.faults.history import DISPLAY, KITCHEN
from tests.faults.observers import Watcher, Websocket
from tests.faults.second_frontend import frontend_beside

SOCKETS = 200


async def test_200_sockets_are_closed_with_1012_and_their_clients_miss_nothing(
    cafe: RunningCafe, measured: Measured
) -> None:
    numbers = [(await cafe.order(f"guest {each}"))["order_number"] for each in range(20)]
    async with frontend_beside(cafe) as frontend:
        audiences = [KITCHEN] * 60 + [DISPLAY] * 60 + numbers * 4
        watchers: list[Watcher] = [
            Websocket(audience, [frontend.base], random.Random(seat), cafe.http)  # noqa: S311
            for seat, audience in enumerate(audiences)
        ]
        assert len(watchers) == SOCKETS
        tasks = [asyncio.ensure_future(watcher.run()) for watcher in watchers]
        writing = asyncio.ensure_future(_write_for_ever(cafe, numbers))
        try:
            await eventually(lambda: _all_live(watchers), 30)
            told = time.monotonic()
            frontend.signal(signal.SIGTERM)
            await eventually(lambda: _all_closed(watchers), 20)
            drained = time.monotonic() - told
            await frontend.until_it_runs(cafe.http, 1, "/health")
            await eventually(lambda: _all_live(watchers), 30)
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
            async with cafe.sql() as sql:
                history = await read_evidence(sql)
            await eventually(lambda: _all_at_the_end(watchers, history.log[-1].seq), 30)
        finally:
            for task in (*tasks, writing):
                task.cancel()
            await asyncio.gather(*tasks, writing, return_exceptions=True)
    history.observers = [watcher.client.record for watcher in watchers]
    assert {tuple(watcher.client.close_codes[:1]) for watcher in watchers} == {(1012,)}
    assert judge(history) == []
    measured(f"{SOCKETS} sockets drained after SIGTERM, while changes go on", f"{drained:.2f} s")
    assert drained < 5


async def _write_for_ever(cafe: RunningCafe, numbers: list[str]) -> None:
    async with cafe.sql() as sql:
        for name in range(10**6):
            await sql.execute(
                "UPDATE orders SET customer_name = $1 WHERE order_number = $2", f"guest {name}", numbers[name % 20]
            )
            await asyncio.sleep(0.02)


async def _all_live(watchers: list[Watcher]) -> bool:
    return all(watcher.client.believes_itself_live() for watcher in watchers)


async def _all_closed(watchers: list[Watcher]) -> bool:
    return all(watcher.client.close_codes for watcher in watchers)


async def _all_at_the_end(watchers: list[Watcher], seq: int) -> bool:
    return all(watcher.client.seq >= seq for watcher in watchers if watcher.audience in (KITCHEN, DISPLAY))


@pytest.mark.parametrize("name", list(CREATE))
async def test_a_write_in_flight_at_the_stop_of_a_service_is_finished(cafe: RunningCafe, name: str) -> None:
    number = (await cafe.order())["order_number"]
    async with cafe.sql() as holder, cafe.sql() as watching:
        held = holder.transaction()
        await held.start()
        await holder.execute("SELECT 1 FROM orders WHERE order_number = $1 FOR UPDATE", number)
        step = asyncio.ensure_future(cafe.step(number, "start"))
        await eventually(lambda: _someone_waits(watching))
        stopping = asyncio.ensure_future(cafe.stop(name))
        await eventually(lambda: _takes_nobody_new(cafe, name))
        assert not step.done()
        await held.rollback()
        answer = await step
        await stopping
        assert (answer.status_code, answer.json()["status"]) == (200, "preparing")
        version = await watching.fetchval("SELECT version FROM orders WHERE status = 'preparing'")
        assert version == 2


async def _someone_waits(sql) -> bool:  # type: ignore[no-untyped-def]
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    return bool(await sql.fetchval(waiting))


async def _takes_nobody_new(cafe: RunningCafe, name: str) -> bool:
    try:
        async with httpx.AsyncClient(trust_env=False) as stranger:
            return (await stranger.get(cafe.settings.address_of(name) + "/health")).status_code == 503
    except httpx.TransportError:
        return True


async def test_while_it_drains_a_frontend_takes_no_new_streams(cafe: RunningCafe) -> None:
    number = (await cafe.order())["order_number"]
    async with cafe.sql() as holder, cafe.sql() as watching:
        held = holder.transaction()
        await held.start()
        await holder.execute("SELECT 1 FROM orders WHERE order_number = $1 FOR UPDATE", number)
        step = asyncio.ensure_future(cafe.step(number, "start"))
        await eventually(lambda: _someone_waits(watching))
        stopping = asyncio.ensure_future(cafe.stop("frontend"))
        await eventually(lambda: _takes_nobody_new(cafe, "frontend"))
        for path, headers in (("/api/kitchen/events", bearer()), ("/api/display/events", {})):
            answer = await _first_answer(cafe.frontend + path, headers)
            assert answer is None or answer == 503, path
        await held.rollback()
        assert (await step).status_code == 200
        await stopping


async def _first_answer(address: str, headers: dict[str, str]) -> int | None:
    """The status, None where the connection was refused."""
    try:
        async with (
            httpx.AsyncClient(trust_env=False) as stranger,
            stranger.stream("GET", address, headers=headers) as answer,
        ):
            return answer.status_code
    except httpx.TransportError:
        return None
