"""The orders service behind PgBouncer in transaction mode: every statement may meet another connection."""

import asyncio
from datetime import timedelta

import pytest

from apps.kit.settings.settings import Settings, SettingsError
from tests.cafe import bearer, run_cafe
from tests.integration.pooler import pooled


async def test_a_rush_through_pgbouncer_loses_nothing_and_names_who_did_it(database_url: str) -> None:
    async with (
        pooled(database_url) as through,
        run_cafe(
            through, CAFE_LISTEN_URL=database_url, CAFE_DATABASE_POOLER="transaction", CAFE_RATE_LIMITS="on"
        ) as cafe,
        cafe.screen("/ws/kitchen", staff=True) as kitchen,
    ):
        await kitchen.next()

        async def customer(number: int) -> None:
            placed = await cafe.order(f"Connection {number}", headers={"Idempotency-Key": f"key-{number}"})
            staff = bearer(subject=f"staff:{number}", lifetime=timedelta(minutes=5))
            for step in ("start", "ready", "serve"):
                answer = await cafe.http.post(
                    f"{cafe.frontend}/api/kitchen/orders/{placed['order_number']}/{step}", headers=staff
                )
                assert answer.status_code == 200, answer.text
            for path in ("/orders?status=served&limit=5", "/orders/events?after=0", "/board", "/stats"):
                answer = await cafe.http.get(cafe.orders + path, headers=bearer())
                assert answer.status_code == 200, answer.text

        async with asyncio.TaskGroup() as customers:
            for number in range(12):
                customers.create_task(customer(number))
        changes = [await kitchen.change() for _ in range(48)]
        assert [change["seq"] for change in changes] == list(range(1, 49))
        page = (await cafe.http.get(f"{cafe.orders}/orders/events?after=0", headers=bearer())).json()
    for event in page["events"]:
        number = event["order"]["customer_name"].removeprefix("Connection ")
        expected = "customer" if event["order"]["status"] == "ordered" else f"staff:{number}"
        assert event["actor"] == expected


@pytest.mark.parametrize("value", ["session", "on", "Transaction"])
def test_the_setting_takes_the_two_words_it_knows(value: str) -> None:

    with pytest.raises(SettingsError, match="CAFE_DATABASE_POOLER"):
        Settings.load({"CAFE_DATABASE_POOLER": value})
