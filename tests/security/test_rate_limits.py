"""Limits that hold over all replicas, say when to come back, and leave a full café alone."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from apps.kit.server import server
from apps.kit.web.rate_limits import Allowance, Budget, TooManyRequests, network
from apps.kit.web.service import Service
from apps.kit.web.tokens import Role, mint, mint_client_address
from apps.orders.app import create_app as create_orders
from apps.orders.queries import queries
from tests.cafe import PASSWORD, SECRET, RunningCafe, bearer, eventually, run_cafe
from tests.ports import free_port

ON = {"CAFE_RATE_LIMITS": "on"}
BODY = {"customer_name": "Ana", "items": [{"id": 1, "quantity": 1}]}


@asynccontextmanager
async def another(create: Any, cafe: RunningCafe, **ports: int) -> AsyncIterator[None]:
    """A second replica of a service, beside the café's own."""
    settings = replace(cafe.settings, **ports)
    stop = asyncio.Event()

    async def until() -> None:
        await stop.wait()

    app: Service = create(settings)
    (port,) = ports.values()
    running = asyncio.create_task(server.run(app, "127.0.0.1", port, until))

    async def healthy() -> bool:
        try:
            return (await cafe.http.get(f"http://127.0.0.1:{port}/health")).status_code == 200
        except httpx.TransportError:
            return False

    try:
        await eventually(healthy)
        yield
    finally:
        stop.set()
        await running


async def place(cafe: RunningCafe, times: int, url: str = "", **headers: str) -> list[httpx.Response]:
    """So many orders at once, as far as one machine can."""
    url, turn = url or f"{cafe.frontend}/api/orders", asyncio.Semaphore(16)

    async def one() -> httpx.Response:
        async with turn:
            return await cafe.http.post(url, json=BODY, headers=headers)

    return list(await asyncio.gather(*(one() for _ in range(times))))


class Clock:
    """How many a budget lets through by now: its burst, and one for each of its intervals since."""

    def __init__(self) -> None:
        self.began = time.monotonic()

    def most(self, burst: int, per_minute: int) -> int:
        return burst + 1 + int((time.monotonic() - self.began) * per_minute / 60)


def placed(answers: list[httpx.Response]) -> int:
    assert {answer.status_code for answer in answers} <= {201, 429}
    return sum(answer.status_code == 201 for answer in answers)


async def test_sixty_guests_order_at_once_and_more_are_told_when_to_come_back(database_url: str) -> None:
    async with run_cafe(database_url, **ON) as cafe:
        clock = Clock()
        answers = await place(cafe, 80)
        assert 60 <= placed(answers) <= clock.most(60, 60)
        served = next(answer for answer in answers if answer.status_code == 201)
        assert served.headers["RateLimit-Policy"] == '"orders";q=60;w=60'
        assert re.fullmatch(r'"orders";r=\d+;t=\d+', served.headers["RateLimit"])
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["code"] == "too_many_requests"
        assert refused.headers["RateLimit-Policy"] == '"orders";q=60;w=60'
        assert refused.headers["RateLimit"].startswith('"orders";r=0;t=')
        await asyncio.sleep(int(refused.headers["Retry-After"]))
        assert placed(await place(cafe, 1)) == 1, "Retry-After tells the truth"


async def test_the_limit_is_one_for_all_replicas(database_url: str) -> None:
    port = free_port()
    async with run_cafe(database_url, **ON) as cafe, another(create_orders, cafe, orders_port=port):
        clock = Clock()
        here, there = await asyncio.gather(
            place(cafe, 50, f"{cafe.orders}/orders"), place(cafe, 50, f"http://127.0.0.1:{port}/orders")
        )
        assert 60 <= placed(here + there) <= clock.most(60, 60)


async def test_a_stranger_cannot_claim_another_address(database_url: str) -> None:
    async with run_cafe(database_url, **ON) as cafe:
        clock = Clock()
        through = placed(await place(cafe, 70))
        staff = mint(SECRET, subject="staff:test", role=Role.STAFF, lifetime=timedelta(minutes=1))
        for lie in (
            {"X-Forwarded-For": "203.0.113.9"},
            {"Cafe-Client-Address": "203.0.113.9"},
            {"Cafe-Client-Address": staff},
            {"Cafe-Client-Address": mint_client_address("another secret, forty characters or more", "203.0.113.9")},
            {"Forwarded": "for=203.0.113.9"},
        ):
            for url in (f"{cafe.frontend}/api/orders", f"{cafe.orders}/orders"):
                through += placed(await place(cafe, 10, url, **lie))
                assert through <= clock.most(60, 60), lie
        async with cafe.sql() as sql:
            keys = {row["key"] for row in await sql.fetch("SELECT key FROM rate_limits")}
        assert keys == {"orders:address:127.0.0.1"}


async def test_behind_a_proxy_each_address_has_its_own(database_url: str) -> None:
    async with run_cafe(database_url, CAFE_TRUSTED_HOPS="1", **ON) as cafe:
        clock = Clock()
        through = placed(await place(cafe, 70, **{"X-Forwarded-For": "203.0.113.1"}))
        assert placed(await place(cafe, 20, **{"X-Forwarded-For": "203.0.113.2"})) == 20
        through += placed(await place(cafe, 20, **{"X-Forwarded-For": "203.0.113.2, 203.0.113.1"}))
        assert through <= clock.most(60, 60)


async def test_staff_and_services_do_not_share_a_strangers_budget(database_url: str) -> None:
    async with run_cafe(database_url, **ON) as cafe:
        assert placed(await place(cafe, 80)) < 80
        clock = Clock()
        through = placed(await place(cafe, 20, **bearer()))
        assert through == 20
        through += placed(await place(cafe, 120, **bearer()))
        assert 120 <= through <= clock.most(120, 120), "staff have one of their own"
        assert placed(await place(cafe, 140, **bearer(Role.SERVICE))) == 140, "services are ours"


async def test_a_repeated_request_costs_nothing(database_url: str) -> None:
    async with run_cafe(database_url, **ON) as cafe:
        first = await place(cafe, 1, **{"Idempotency-Key": "one"})
        for _ in range(3):
            assert placed(await place(cafe, 40, **{"Idempotency-Key": "one"})) == 40
        left = (await place(cafe, 1))[0].headers["RateLimit"]
        assert first[0].status_code == 201
        assert re.match(r'"orders";r=(58|59);', left), left


async def test_attempts_to_sign_in_are_few(database_url: str) -> None:
    async with run_cafe(database_url, **ON) as cafe:
        clock = Clock()
        attempts = [
            await cafe.http.post(f"{cafe.frontend}/sign-in", data={"password": f"guess {number}"})
            for number in range(14)
        ]
        statuses = [attempt.status_code for attempt in attempts]
        assert statuses[:10] == [401] * 10
        assert statuses.count(401) <= clock.most(10, 10)
        refused = attempts[-1]
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
        assert int(refused.headers["Retry-After"]) >= 1
        assert refused.headers["RateLimit-Policy"] == '"sign-in";q=10;w=60'
        right = await cafe.http.post(f"{cafe.frontend}/sign-in", data={"password": PASSWORD})
        assert right.status_code == 429, "also the right password has to wait, or the wait would give it away"
        page = await cafe.http.post(f"{cafe.frontend}/sign-in", data={"password": "x"}, headers={"Accept": "text/html"})
        assert (page.status_code, page.headers["content-type"]) == (429, "text/html; charset=utf-8")
        assert page.headers["Retry-After"]


async def test_attempts_from_many_addresses_have_a_limit_in_all(database_url: str) -> None:
    async with run_cafe(database_url, CAFE_TRUSTED_HOPS="1", **ON) as cafe:
        clock = Clock()
        codes = [
            (
                await cafe.http.post(
                    f"{cafe.frontend}/sign-in",
                    data={"password": "guess"},
                    headers={"X-Forwarded-For": f"198.51.100.{number % 20}"},
                )
            ).status_code
            for number in range(90)
        ]
        assert 60 <= codes.count(401) <= clock.most(60, 60)
        assert codes.count(429) == 90 - codes.count(401)


async def test_reads_have_a_budget_too(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.kit.web.rate_limits.REQUESTS", ("requests", 50, 60))
    async with run_cafe(database_url, **ON) as cafe:
        for url in (f"{cafe.frontend}/api/menu", f"{cafe.orders}/menu"):
            answers = [await cafe.http.get(url) for _ in range(65)]
            assert answers[-1].json()["code"] == "too_many_requests", url
            assert answers[-1].headers["RateLimit-Policy"] == '"requests";q=50;w=50'
            assert int(answers[-1].headers["Retry-After"]) >= 1
        assert (await cafe.http.get(f"{cafe.orders}/{'nothing/' * 50}")).status_code == 429, (
            "searching is asking as well"
        )
        for path in ("/livez", "/health", "/metrics"):
            assert (await cafe.http.get(cafe.frontend + path)).status_code == 200
        assert (await cafe.http.get(f"{cafe.frontend}/api/kitchen/orders", headers=bearer())).status_code == 200


async def test_off_means_off(cafe: RunningCafe) -> None:
    assert placed(await place(cafe, 70)) == 70
    async with cafe.sql() as sql:
        assert await sql.fetchval("SELECT count(*) FROM rate_limits") == 0


async def test_what_is_spent_is_exact_however_many_spend_at_once(database_url: str) -> None:
    async def spend(times: int) -> int:
        connection = await asyncpg.connect(database_url)
        try:
            rows = [await queries.spend(connection, key="k", seconds_each=1000.0, burst=37) for _ in range(times)]
        finally:
            await connection.close()
        return sum(row["fits"] for row in rows)

    assert sum(await asyncio.gather(*(spend(20) for _ in range(8)))) == 37


async def test_those_who_spent_long_ago_are_forgotten(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        await queries.spend(connection, key="old", seconds_each=1.0, burst=5)
        await connection.execute("UPDATE rate_limits SET spent_until = now() - interval '1 hour'")
        await queries.spend(connection, key="new", seconds_each=1.0, burst=5)
        await queries.forget_spent(connection)
        assert [row["key"] for row in await connection.fetch("SELECT key FROM rate_limits")] == ["new"]
    finally:
        await connection.close()


def test_an_allowance_fills_up_again_with_time() -> None:
    allowance = Allowance(Budget("cups", burst=3, per_minute=60))
    for _ in range(3):
        allowance.spend("ana", now=100.0)
    with pytest.raises(TooManyRequests) as refused:
        allowance.spend("ana", now=100.0)
    assert refused.value.headers["Retry-After"] == "1"
    allowance.spend("ben", now=100.0)
    allowance.spend("ana", now=101.0)
    with pytest.raises(TooManyRequests):
        allowance.spend("ana", now=101.5)


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("", "unknown"),
    ],
)
def test_who_owns_a_network_of_addresses_counts_once(address: str, counted: str) -> None:
    assert network(address) == counted
