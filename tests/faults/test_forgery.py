"""Whoever may LISTEN may also NOTIFY: what such a one says does not stay on any screen."""

import json
from typing import Any

import pytest

from tests.cafe import RunningCafe, bearer, eventually


@pytest.fixture
async def order(cafe: RunningCafe) -> dict[str, Any]:
    return await cafe.order()


async def _forge(cafe: RunningCafe, order: dict[str, Any], ahead: int, **lies: Any) -> None:
    async with cafe.sql() as sql:
        head = await sql.fetchrow("SELECT epoch::text, seq FROM stream_head")
        assert head is not None
        forged = {"epoch": head["epoch"], "seq": head["seq"] + ahead, "committed_at": "", "order": {**order, **lies}}
        await sql.execute("SELECT pg_notify('cafe_orders', $1)", json.dumps(forged))


async def _shown(cafe: RunningCafe) -> list[tuple[str, str]]:
    orders = (await cafe.http.get(f"{cafe.frontend}/api/kitchen/orders", headers=bearer())).json()
    return [(order["customer_name"], order["status"]) for order in orders]


async def _shows(cafe: RunningCafe, *orders: tuple[str, str]) -> bool:
    return await _shown(cafe) == list(orders)


@pytest.mark.parametrize("ahead", [-1, 0, 2, 1000])
async def test_a_forged_notification_out_of_turn_shows_nothing(
    cafe: RunningCafe, order: dict[str, Any], ahead: int
) -> None:
    await _forge(cafe, order, ahead, status="ready", version=2)
    assert (await cafe.step(order["order_number"], "start")).status_code == 200
    assert await _shows(cafe, ("Ana", "preparing"))


async def test_a_forged_notification_in_turn_is_taken_back(cafe: RunningCafe, order: dict[str, Any]) -> None:
    await _forge(cafe, order, 1, status="ready", version=2)
    await eventually(lambda: _shows(cafe, ("Ana", "ordered")))


async def test_a_forged_notification_in_turn_is_taken_back_though_a_true_one_follows(
    cafe: RunningCafe, order: dict[str, Any]
) -> None:
    await _forge(cafe, order, 1, status="ready", version=2)
    ben = await cafe.order("Ben")
    assert ben["status"] == "ordered"
    await eventually(lambda: _shows(cafe, ("Ana", "ordered"), ("Ben", "ordered")))
