"""/metrics: what each service counts is true, has names that Prometheus' own lint likes, and labels that stay few."""

import asyncio
import json
import socket
import subprocess
from collections import defaultdict
from itertools import pairwise
from typing import Any

import asyncpg
import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.asyncio.client import connect

from apps.domain.numbers import ALMOST_A_NUMBER
from apps.kit.settings.settings import Settings
from apps.kit.web.request_hooks import METHODS
from apps.kit.web.tokens import Role
from tests.cafe import CREATE, SECRET, RunningCafe, bearer, eventually, run_cafe
from tests.deployment.programs import from_debian
from tests.postgres import PostgresServer

Metrics = dict[str, dict[tuple[tuple[str, str], ...], float]]


async def exposition(cafe: RunningCafe, service: str) -> str:
    return (await cafe.http.get(f"{cafe.settings.address_of(service)}/metrics")).text


async def figures(cafe: RunningCafe, service: str) -> Metrics:
    found: Metrics = defaultdict(dict)
    for family in text_string_to_metric_families(await exposition(cafe, service)):
        for sample in family.samples:
            found[sample.name][tuple(sorted(sample.labels.items()))] = sample.value
    return found


def value(found: Metrics, name: str, **labels: str) -> float:
    return found[name].get(tuple(sorted(labels.items())), 0.0)


def growth(before: Metrics, after: Metrics, name: str, **labels: str) -> float:
    return value(after, name, **labels) - value(before, name, **labels)


async def a_day_with_strangers(cafe: RunningCafe) -> None:
    """What is usual, and all that somebody could do to make labels of it."""
    number = (await cafe.order())["order_number"]
    for step in ("start", "ready", "serve", "cancel"):
        await cafe.step(number, step)
    async with cafe.screen("/ws/kitchen", staff=True) as kitchen, cafe.screen(f"/ws/orders/{number}") as phone:
        await kitchen.next()
        await phone.next()
    for service in CREATE:
        address = cafe.settings.address_of(service)
        for path in (f"/orders/{number}", f"/{number}", "/nothing", "/orders/%00", f"/static/{number}/x", "/metrics"):
            for method in ("GET", "PUT", "BREW", number.replace("-", "")):
                await cafe.http.request(method, address + path, headers={"Connection": "close"})


async def test_prometheus_own_lint_finds_nothing_to_say(cafe: RunningCafe) -> None:
    promtool = from_debian("prometheus", "usr/bin/promtool")
    await a_day_with_strangers(cafe)
    for service in CREATE:
        text = await exposition(cafe, service)
        ran = await asyncio.to_thread(
            subprocess.run, [promtool, "check", "metrics"], input=text, text=True, capture_output=True, check=False
        )
        assert (ran.returncode, ran.stdout + ran.stderr) == (0, ""), service


async def test_labels_stay_few_whatever_strangers_do(cafe: RunningCafe) -> None:
    await a_day_with_strangers(cafe)
    for service in CREATE:
        routes = {rule.rule for rule in CREATE[service](cafe.settings).url_map.iter_rules()} | {"none"}
        may_be: dict[str, Any] = {
            "method": METHODS | {"other"},
            "route": routes,
            "status": {str(number) for number in range(100, 600)} | {"ordered", "preparing", "ready"},
            "stream": {"kitchen", "display", "menu", "order", "kitchen-events", "display-events", "order-events"},
            "to": {"orders", "kitchen", "ordered", "preparing", "ready", "served", "cancelled"},
            "outcome": {"2xx", "3xx", "4xx", "5xx", "none"},
            "pool": {"primary", "replica"},
            "state": {"idle", "used"},
            "code": {"1008", "1009"},
            "task": {"listener", "feed", "heartbeat", "menu", "sessions", "replica", "retention"},
        }
        text = await exposition(cafe, service)
        assert not ALMOST_A_NUMBER.search(text)
        menu = {item["name"] for item in (await cafe.http.get(f"{cafe.orders}/menu")).json()["items"]}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                for label, told in sample.labels.items():
                    allowed = menu | {"other"} if label == "item" else may_be.get(label)
                    assert label == "le" or told in allowed, (sample.name, label, told)


async def test_each_service_shows_what_is_its_own(cafe: RunningCafe) -> None:
    shown = {name: set(await figures(cafe, name)) for name in CREATE}
    for name in CREATE:
        assert shown[name] >= {"cafe_requests_total", "cafe_request_seconds_count", "process_resident_memory_bytes"}
    assert "cafe_listener_age_seconds" in shown["frontend"] - shown["orders"] - shown["kitchen"]
    assert "cafe_pool_connections" in shown["orders"] - shown["frontend"] - shown["kitchen"]
    assert "cafe_retries_total" in shown["kitchen"] - shown["frontend"] - shown["orders"]


async def test_orders_and_waiting_times_are_those_of_the_board(cafe: RunningCafe) -> None:
    before = await figures(cafe, "frontend")
    numbers = [(await cafe.order(item=2, quantity=3))["order_number"] for _ in range(4)]
    for number, steps in zip(numbers, (("start", "ready", "serve"), ("start", "ready"), ("start",), ()), strict=True):
        for step in steps:
            await cafe.step(number, step)
    async with cafe.sql() as sql:
        await sql.execute(
            "UPDATE orders SET ordered_at = ordered_at - interval '5 minutes', customer_name = 'Late'"
            " WHERE order_number = $1",
            numbers[3],
        )
        moved = await sql.fetchval("SELECT count(*) FROM orders WHERE ordered_at < now() - interval '4 minutes'")
    assert moved == 1, "the trigger let the time be set"

    async def shows_the_late_one() -> bool:
        return value(await figures(cafe, "frontend"), "cafe_longest_wait_seconds") > 299

    await eventually(shows_the_late_one)
    after = await figures(cafe, "frontend")
    assert [value(after, "cafe_orders", status=each) for each in ("ordered", "preparing", "ready")] == [1, 1, 1]
    assert value(after, "cafe_oldest_order_seconds", status="ordered") > 299
    assert value(after, "cafe_oldest_order_seconds", status="preparing") < 299
    assert growth(before, after, "cafe_orders_placed_total") == 4
    assert growth(before, after, "cafe_ordered_items_total", item="Cappuccino") == 12
    assert growth(before, after, "cafe_waiting_seconds_count") == 2
    assert growth(before, after, "cafe_pickup_seconds_count") == 1
    assert {each: growth(before, after, "cafe_order_steps_total", to=each) for each in ("ordered", "served")} == {
        "ordered": 4,
        "served": 1,
    }


async def test_an_item_that_is_on_no_menu_has_no_name_of_its_own(cafe: RunningCafe) -> None:
    before = await figures(cafe, "frontend")
    async with cafe.sql() as sql:
        await sql.execute(
            "INSERT INTO orders (order_number, customer_name, items, total_price) VALUES"
            """ ('900-0000000000000000', 'x', '[{"id": 4711, "name": "anything", "quantity": 2}]', 1),"""
            """ ('901-0000000000000000', 'y', '["not a line"]', 1)"""
        )

    async def both_are_counted() -> bool:
        return growth(before, await figures(cafe, "frontend"), "cafe_orders_placed_total") == 2

    await eventually(both_are_counted)
    assert growth(before, await figures(cafe, "frontend"), "cafe_ordered_items_total", item="other") == 2


async def test_streams_are_counted_while_they_last_and_by_how_they_began(cafe: RunningCafe) -> None:
    before = await figures(cafe, "frontend")
    async with cafe.screen("/ws/display") as display:
        left = await display.next()
    number = (await cafe.order())["order_number"]
    async with (
        cafe.screen("/ws/kitchen", staff=True) as kitchen,
        cafe.screen(f"/ws/display?epoch={left['epoch']}&seq={left['seq']}") as display,
        cafe.http.stream("GET", f"{cafe.frontend}/api/display/events") as events,
    ):
        await kitchen.next()
        assert (await display.next())["type"] == "resumed"
        assert await anext(events.aiter_lines())
        during = await figures(cafe, "frontend")
        for stream in ("kitchen", "display", "display-events"):
            assert value(during, "cafe_live_connections", stream=stream) == 1, stream
            assert value(during, "cafe_backlog_ratio", stream=stream.removesuffix("-events")) == 0
        await cafe.step(number, "start")
        await kitchen.change()
    after = await figures(cafe, "frontend")
    assert growth(before, after, "cafe_resumes_total") == 1
    assert growth(before, after, "cafe_snapshots_total") == 3
    assert growth(before, after, "cafe_commit_to_send_seconds_count") == 2
    assert growth(before, after, "cafe_fan_out_seconds_count") == 2

    async def all_have_gone() -> bool:
        return sum((await figures(cafe, "frontend"))["cafe_live_connections"].values()) == 0

    await eventually(all_have_gone)


async def test_a_client_that_does_not_read_shows_in_the_backlog(cafe: RunningCafe) -> None:
    number = (await cafe.order())["order_number"]
    ear = socket.socket()
    ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    ear.setblocking(False)  # noqa: FBT003 - its one argument
    await asyncio.get_running_loop().sock_connect(ear, ("127.0.0.1", cafe.settings.frontend_port))
    url = cafe.frontend.replace("http", "ws") + "/ws/kitchen"
    options: dict[str, Any] = {"max_queue": 1, "ping_interval": None, "close_timeout": 1, "proxy": None}
    async with cafe.sql() as sql, connect(url, sock=ear, additional_headers=bearer(), **options):

        async def shows() -> bool:
            for note in "ab":
                items = json.dumps([{"id": 1, "notes": note * 6000}])
                await sql.execute("UPDATE orders SET items = $1::jsonb WHERE order_number = $2", items, number)
            found = await figures(cafe, "frontend")
            behind = value(found, "cafe_clients_behind", stream="kitchen")
            return behind == 1 and 0 < value(found, "cafe_backlog_ratio", stream="kitchen") <= 1

        await eventually(shows, 30)


async def test_gaps_and_boards_read_afresh_are_counted(cafe: RunningCafe) -> None:
    number = (await cafe.order())["order_number"]
    before = await figures(cafe, "frontend")
    async with cafe.sql() as sql:  # too large for a notification
        await sql.execute("UPDATE orders SET items = jsonb_set(items, '{0,notes}', to_jsonb(repeat('n', 9000)))")

        async def gap_is_read() -> bool:
            after = await figures(cafe, "frontend")
            return growth(before, after, "cafe_gaps_total") == 1 and value(after, "cafe_board_position") == 2

        await eventually(gap_is_read)
        await sql.execute("TRUNCATE orders")

        async def is_afresh() -> bool:
            return growth(before, await figures(cafe, "frontend"), "cafe_resyncs_total") == 1

        await eventually(is_afresh)
    assert number


async def test_work_that_waits_for_a_connection_shows(cafe: RunningCafe) -> None:
    number = (await cafe.order())["order_number"]
    before = await figures(cafe, "orders")
    limit = int(value(before, "cafe_pool_connections_limit", pool="primary"))
    holder = await asyncpg.connect(cafe.database_url)
    transaction = holder.transaction()
    await transaction.start()
    await holder.execute("SELECT FROM orders WHERE order_number = $1 FOR UPDATE", number)
    url, body = f"{cafe.orders}/orders/{number}", {"status": "preparing"}
    moves = [asyncio.create_task(cafe.http.put(url, json=body, headers=bearer())) for _ in range(limit + 2)]

    async def all_are_used_and_two_wait() -> bool:
        found = await figures(cafe, "orders")
        used = value(found, "cafe_pool_connections", pool="primary", state="used")
        return used == limit and value(found, "cafe_pool_waiting", pool="primary") >= 2

    try:
        await eventually(all_are_used_and_two_wait)
    finally:
        await transaction.rollback()
        await holder.close()
        await asyncio.gather(*moves)
    after = await figures(cafe, "orders")
    assert value(after, "cafe_pool_waiting", pool="primary") == 0
    assert growth(before, after, "cafe_pool_acquire_seconds_count", pool="primary") >= 2 * (limit + 2)


async def test_a_database_that_is_away_shows_on_both_sides(cafe: RunningCafe, postgres_server: PostgresServer) -> None:
    before = await figures(cafe, "orders")
    assert value(await figures(cafe, "frontend"), "cafe_board_stale_seconds") == 0
    postgres_server.stop("immediate")
    try:

        async def is_stale() -> bool:
            return value(await figures(cafe, "frontend"), "cafe_board_stale_seconds") > 0

        await eventually(is_stale, 30)
        ages = [value(await figures(cafe, "frontend"), "cafe_listener_age_seconds") for _ in range(3)]
        assert all(later > earlier for earlier, later in pairwise(ages))
        assert growth(before, await figures(cafe, "orders"), "cafe_database_away_total", pool="primary") > 0
    finally:
        postgres_server.start()
    await cafe.until_healthy()
    assert value(await figures(cafe, "frontend"), "cafe_board_stale_seconds") == 0


async def test_the_kitchen_counts_what_it_asks_again(cafe: RunningCafe) -> None:
    before = await figures(cafe, "kitchen")
    await cafe.stop("orders")
    assert (await cafe.http.get(f"{cafe.kitchen}/kitchen/orders", headers=bearer())).status_code == 503
    after = await figures(cafe, "kitchen")
    assert growth(before, after, "cafe_retries_total") == 2
    assert growth(before, after, "cafe_call_seconds_count", to="orders", outcome="none") >= 3


async def test_figures_can_be_kept_for_those_who_have_a_token(database_url: str) -> None:
    async with run_cafe(database_url, CAFE_METRICS="token") as cafe:
        for service in CREATE:
            address = f"{cafe.settings.address_of(service)}/metrics"
            assert (await cafe.http.get(address)).status_code == 401
            answer = await cafe.http.get(address, headers=bearer(Role.SERVICE))
            assert (answer.status_code, "cafe_requests_total" in answer.text) == (200, True)


@pytest.mark.parametrize("service", CREATE)
def test_open_is_what_the_setting_says_without_a_word(service: str) -> None:
    assert Settings.load({"CAFE_SECRET": SECRET}).metrics == "open"
