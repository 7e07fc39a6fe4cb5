"""What happens between a commit and the board when the link to the database does not do what it should."""

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.client import connect

from tests.cafe import RunningCafe, Screen, bearer, eventually, run_cafe
from tests.faults.conftest import Measured
from tests.faults.fault_injection import KILL_LISTENERS
from tests.faults.second_frontend import frontend_beside
from tests.faults.tcp_proxy import Link
from tests.ports import free_port


@dataclass
class Linked:
    """A café whose frontend reaches the database and the orders service over links."""

    cafe: RunningCafe
    listen: Link
    orders: Link


@pytest.fixture
async def linked(database_url: str) -> AsyncIterator[Linked]:
    dice, port = random.Random(1), urlsplit(database_url).port or 0  # noqa: S311
    orders_port = free_port()
    async with (
        Link("127.0.0.1", port, dice, postgres=True).open() as listen,
        Link("127.0.0.1", orders_port, dice).open() as orders,
        run_cafe(
            database_url,
            CAFE_ORDERS_PORT=str(orders_port),
            CAFE_LISTEN_URL=database_url.replace(f":{port}/", f":{listen.port}/"),
            CAFE_ORDERS_URL=f"http://127.0.0.1:{orders.port}",
        ) as cafe,
    ):
        yield Linked(cafe, listen, orders)


async def _set(cafe: RunningCafe, number: str, status: str) -> None:
    async with cafe.sql() as sql:
        await sql.execute("UPDATE orders SET status = $1 WHERE order_number = $2", status, number)


def _lag(change: dict[str, Any]) -> float:
    return time.time() - datetime.fromisoformat(change["committed_at"]).timestamp()


async def test_a_lost_notification_is_healed_within_a_second(linked: Linked, measured: Measured) -> None:
    number = (await linked.cafe.order())["order_number"]
    lags = []
    async with linked.cafe.screen("/ws/kitchen", staff=True) as kitchen:
        await kitchen.next()
        for status in ("preparing", "ready", "preparing", "ordered") * 3:
            linked.listen.notifications_to_swallow = 1
            await _set(linked.cafe, number, status)
            lags.append(_lag(await kitchen.change()))
            assert linked.listen.notifications_to_swallow == 0, "it was not lost at all"
    measured("lost NOTIFY healed", f"p50 {median(lags):.2f} s, longest {max(lags):.2f} s of {len(lags)}")
    assert max(lags) < 3


async def test_a_silent_link_is_noticed_within_eight_seconds_and_the_board_stays_true_meanwhile(
    linked: Linked, measured: Measured
) -> None:
    number = (await linked.cafe.order())["order_number"]
    async with linked.cafe.screen("/ws/kitchen", staff=True) as kitchen:
        await kitchen.next()
        before = linked.listen.accepted
        linked.listen.silence()
        silent_at = time.monotonic()
        await _set(linked.cafe, number, "preparing")
        lag = _lag(await kitchen.change())
        await eventually(lambda: _is(linked.listen.accepted > before), 12)
        noticed = time.monotonic() - silent_at
        linked.listen.heal()
        await _set(linked.cafe, number, "ready")
        await kitchen.change()
        assert {message["type"] for message in kitchen.seen} <= {"snapshot", "change", "heartbeat"}
    measured("silent link to the database noticed", f"{noticed:.1f} s")
    measured("a change while that link is silent, seen from the log", f"{lag:.2f} s")
    assert noticed < 10
    assert lag < 3


async def _is(value: bool) -> bool:  # noqa: FBT001 - a truth to wait for
    return value


async def test_when_neither_link_nor_log_answers_every_screen_is_told_so(linked: Linked, measured: Measured) -> None:
    await linked.cafe.order()
    async with (
        linked.cafe.screen("/ws/kitchen", staff=True) as kitchen,
        linked.cafe.screen("/ws/display") as display,
    ):
        await kitchen.next()
        await display.next()
        linked.listen.silence()
        linked.orders.silence()
        silent_at = time.monotonic()
        for screen in (kitchen, display):
            async with asyncio.timeout(20):
                while (await _next_within(screen, 20))["type"] != "stale":
                    pass
        told = time.monotonic() - silent_at
        poll = await linked.cafe.http.get(f"{linked.cafe.frontend}/api/display/orders")
        assert "Cafe-Stale-Since" in poll.headers
        linked.listen.heal()
        linked.orders.heal()
        healed_at = time.monotonic()
        await _until_type(kitchen, "heartbeat")
        measured("both silent: every screen says that it is stale", f"{told:.1f} s")
        measured("and live again after both carry", f"{time.monotonic() - healed_at:.2f} s")
    assert told < 14


async def _next_within(screen: Screen, seconds: float) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(await asyncio.wait_for(screen.socket.recv(), seconds))
    return message


async def _until_type(screen: Screen, kind: str) -> None:
    while (await _next_within(screen, 20))["type"] != kind:
        pass


async def test_a_killed_backend_is_noticed_at_once(linked: Linked, measured: Measured) -> None:
    number = (await linked.cafe.order())["order_number"]
    async with linked.cafe.screen("/ws/kitchen", staff=True) as kitchen, linked.cafe.sql() as sql:
        await kitchen.next()
        before = linked.listen.accepted
        mine = KILL_LISTENERS + " AND datname = current_database()"
        await eventually(lambda: _fetch(sql, mine))
        killed_at = time.monotonic()
        await eventually(lambda: _is(linked.listen.accepted > before))
        measured("killed LISTEN backend replaced", f"{(time.monotonic() - killed_at) * 1000:.0f} ms")
        await _set(linked.cafe, number, "preparing")
        assert (await kitchen.change())["seq"] == 2


async def _fetch(sql: Any, statement: str) -> bool:
    return bool(await sql.fetchval(statement))


async def test_two_frontends_side_by_side_show_the_same(cafe: RunningCafe) -> None:
    async with frontend_beside(cafe) as other, _kitchen_at(other.base) as right, _kitchen_at(cafe.frontend) as left:
        assert (await left.next())["orders"] == (await right.next())["orders"] == []
        numbers = [(await cafe.order())["order_number"] for _ in range(5)]
        for step in ("start", "ready", "recall", "ready", "serve"):
            for number in numbers:
                assert (await cafe.step(number, step)).status_code == 200
        changes = [[await screen.change() for _ in range(30)] for screen in (left, right)]
        assert changes[0] == changes[1]
        assert [change["seq"] for change in changes[0]] == list(range(1, 31))
        polls = [await cafe.http.get(f"{base}/api/display/orders") for base in (cafe.frontend, other.base)]
        assert polls[0].json() == polls[1].json()


@asynccontextmanager
async def _kitchen_at(base: str) -> AsyncIterator[Screen]:
    async with connect(f"{base.replace('http', 'ws')}/ws/kitchen", additional_headers=bearer(), proxy=None) as socket:
        yield Screen(socket)
