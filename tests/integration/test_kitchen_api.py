"""The kitchen service, over HTTP."""

import asyncio
from typing import Any

import pytest

from tests.cafe import RunningCafe, bearer, run_cafe


async def take(cafe: RunningCafe, number: object, step: str, **headers: str) -> Any:
    return await cafe.http.post(f"{cafe.kitchen}/kitchen/orders/{number}/{step}", headers={**bearer(), **headers})


async def test_the_orders_in_work_are_oldest_first(cafe: RunningCafe) -> None:
    numbers = [(await cafe.order())["order_number"] for _ in range(4)]
    await take(cafe, numbers[1], "start")
    await take(cafe, numbers[2], "cancel")
    orders = (await cafe.http.get(f"{cafe.kitchen}/kitchen/orders", headers=bearer())).json()
    assert [order["order_number"] for order in orders] == [numbers[0], numbers[1], numbers[3]]


async def test_each_step_once_and_the_numeric_id_works_too(cafe: RunningCafe) -> None:
    order = await cafe.order()
    for version, (step, status) in enumerate(
        (("start", "preparing"), ("ready", "ready"), ("serve", "served"), ("recall", "ready"), ("recall", "preparing")),
        2,
    ):
        moved = (await take(cafe, order["id"], step)).json()
        assert (moved["status"], moved["version"]) == (status, version)
    again = await take(cafe, order["order_number"], "start")
    assert (again.status_code, again.json()["version"], again.headers["ETag"]) == (200, 6, '"v6"')
    refused = await take(cafe, order["order_number"], "serve")
    assert (refused.status_code, refused.json()["current_status"]) == (409, "preparing")
    assert "ready" in refused.json()["allowed"]


async def test_a_second_tap_on_recall_with_the_version_it_saw_takes_no_second_step(cafe: RunningCafe) -> None:
    number = (await cafe.order())["order_number"]
    for step in ("start", "ready"):
        await take(cafe, number, step)
    taps = await asyncio.gather(*(take(cafe, number, "recall", **{"If-Match": '"v3"'}) for _ in range(4)))
    assert sorted({tap.status_code for tap in taps}) in ([200], [200, 412])
    order = (await cafe.http.get(f"{cafe.orders}/orders/{number}")).json()
    assert (order["status"], order["version"]) == ("preparing", 4)


async def test_two_tablets_that_tap_at_once_make_one_step(cafe: RunningCafe) -> None:
    number = (await cafe.order())["order_number"]
    taps = await asyncio.gather(*(take(cafe, number, "start") for _ in range(6)))
    assert {(tap.status_code, tap.json()["version"]) for tap in taps} == {(200, 2)}


async def test_a_refusal_of_the_orders_service_is_passed_on_in_its_own_words(cafe: RunningCafe) -> None:
    answer = await take(cafe, "042-0000000000000000", "start")
    assert (answer.status_code, answer.json()["code"]) == (404, "order_not_found")
    assert answer.json()["instance"] == "/kitchen/orders/042-0000000000000000/start"


@pytest.mark.parametrize("path", ["/kitchen/orders", "/kitchen/stats"])
async def test_the_kitchen_is_for_staff(cafe: RunningCafe, path: str) -> None:
    assert (await cafe.http.get(cafe.kitchen + path)).status_code == 401


async def test_the_figures_are_those_of_the_day(cafe: RunningCafe) -> None:
    first, second, third = [(await cafe.order(item=2, quantity=n))["order_number"] for n in (1, 2, 3)]
    for number, steps in ((first, ("start", "ready", "serve")), (second, ("start",)), (third, ("cancel",))):
        for step in steps:
            await take(cafe, number, step)
    async with cafe.sql() as sql:
        await sql.execute("ALTER TABLE orders DISABLE TRIGGER update_orders_updated_at")
        await sql.execute(
            "UPDATE orders SET ordered_at = ready_at - interval '90 s', served_at = ready_at + interval '30 s' "
            "WHERE order_number = $1",
            first,
        )
    stats = (await cafe.http.get(f"{cafe.kitchen}/kitchen/stats", headers=bearer())).json()
    assert stats["counts"] == {"ordered": 0, "preparing": 1, "ready": 0}
    assert (stats["served_today"], stats["cancelled_today"]) == (1, 1)
    assert stats["waiting_seconds"] == {"average": 90.0, "p50": 90.0, "p90": 90.0}
    assert stats["pickup_seconds"] == {"average": 30.0, "p50": 30.0, "p90": 30.0}
    assert sum(hour["orders"] for hour in stats["orders_per_hour"]) == 3
    assert [(line["name"], line["quantity"]) for line in stats["all_day"]] == [("Cappuccino", 2)]
    assert stats["all_day"][0]["options"][0]["option"] == "size"


async def test_before_the_first_order_the_figures_are_zero_and_null(cafe: RunningCafe) -> None:
    stats = (await cafe.http.get(f"{cafe.kitchen}/kitchen/stats", headers=bearer())).json()
    assert stats["waiting_seconds"] == {"average": None, "p50": None, "p90": None}
    assert stats["orders_per_hour"] == stats["all_day"] == []


async def test_without_the_orders_service_the_kitchen_says_so_and_comes_back_by_itself(database_url: str) -> None:
    async with run_cafe(database_url, names=("orders", "kitchen")) as cafe:
        await cafe.stop("orders")
        health = await cafe.http.get(f"{cafe.kitchen}/health")
        assert (health.status_code, health.json()["service"]) == (503, "kitchen")
        answer = await cafe.http.get(f"{cafe.kitchen}/kitchen/orders", headers=bearer(), timeout=20)
        assert (answer.status_code, answer.json()["code"]) == (503, "unreachable")
        assert answer.headers["Retry-After"]
        assert (await cafe.http.get(f"{cafe.kitchen}/livez")).status_code == 200
        cafe.start("orders")
        await cafe.until_healthy("orders", "kitchen")
        assert (await cafe.http.get(f"{cafe.kitchen}/kitchen/orders", headers=bearer())).json() == []
