"""Whoever has an order's number knows the order, and nobody is told one; the history says who did what."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from signal import SIGKILL

import httpx
import pytest

from apps.kit.paths import ROOT
from apps.kit.process.child_process import spawn
from apps.kit.web.tokens import Role
from tests.cafe import (
    CREATE,
    PASSWORD,
    PATIENCE_SECONDS,
    SECRET,
    RunningCafe,
    bearer,
    eventually,
    settings_for,
)
from tests.ports import free_port

PAGE = {"Accept": "text/html"}
ALONE = {"Connection": "close"}  # a refusal before the body was read may end the connection


@asynccontextmanager
async def logging_service(name: str, variables: dict[str, str], log: Path) -> AsyncIterator[None]:
    """`cafe serve <name>` in a process of its own, all it says in `log`."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("CAFE_")}
    environment |= {**variables, "CAFE_LOG": "json", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-P", "-m", "apps", "serve", name]
    with log.open("wb") as output:
        process = await spawn(command, SIGKILL, stdout=output, stderr=output, env=environment)
    try:
        yield
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), PATIENCE_SECONDS)


@asynccontextmanager
async def logging_cafe(database_url: str, folder: Path) -> AsyncIterator[RunningCafe]:
    variables = {
        **{f"CAFE_{name.upper()}_PORT": str(free_port()) for name in CREATE},
        "CAFE_DATABASE_URL": database_url,
        "CAFE_LISTEN_URL": database_url,
        "CAFE_SECRET": SECRET,
        "CAFE_STAFF_PASSWORD": PASSWORD,
    }
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx.AsyncClient(trust_env=False))
        cafe = RunningCafe(settings_for(database_url, **variables), database_url, http)
        for name in CREATE:
            await stack.enter_async_context(logging_service(name, variables, folder / f"{name}.log"))

        async def healthy() -> bool:
            try:
                answers = [await http.get(f"{cafe.settings.address_of(name)}/health") for name in CREATE]
            except httpx.TransportError:
                return False
            return all(answer.status_code == 200 for answer in answers)

        await eventually(healthy, 30)
        yield cafe


async def a_day_with(cafe: RunningCafe) -> list[str]:
    """Everything that happens to orders, the wrong way too; their numbers."""
    numbers = [(await cafe.order(name))["order_number"] for name in ("Ana", "Bo", "Cy")]
    moved, cancelled, watched = numbers
    for step in ("start", "start", "ready", "serve", "cancel", "recall"):
        await cafe.step(moved, step)
    for number in (moved, cancelled, cancelled):
        await cafe.http.post(f"{cafe.frontend}/api/orders/{number}/cancel")
    for address in (cafe.frontend + "/api", cafe.orders):
        escaped = watched.replace("-", "%2D"), watched.replace("-", "%252D")
        for way in (
            watched,
            watched.lower(),
            *escaped,
            f"{watched}Q",
            f"x{watched}",
            f"{watched}/nothing",
            f"{watched}%0Ax",
        ):
            for method in ("GET", "POST", "DELETE", "PUT"):
                await cafe.http.request(method, f"{address}/orders/{way}", json={"status": "served"}, headers=ALONE)
        await cafe.http.post(f"{address}/orders/{watched}/cancel", headers={"If-Match": '"v9"'})
        await cafe.http.put(f"{address}/orders/{watched}", json={"status": "served"}, headers=bearer())
        await cafe.http.get(f"{address}/orders?status={watched}", headers=bearer())
        await cafe.http.get(f"{address}/{watched}")
    await cafe.http.get(f"{cafe.frontend}/orders/{watched}", headers=PAGE)
    await cafe.http.get(f"{cafe.frontend}/sign-in?next=/orders/{watched}", headers=PAGE)
    await cafe.http.get(f"{cafe.frontend}/livez", headers={"X-Request-ID": watched})
    await cafe.http.post(f"{cafe.orders}/orders", json={"customer_name": watched}, headers={"Idempotency-Key": watched})
    async with cafe.screen(f"/ws/orders/{watched}") as phone:
        await phone.next()
        async with cafe.sql() as sql:
            await sql.execute("UPDATE orders SET status = 'preparing' WHERE order_number = $1", watched)
        await phone.change()
    return numbers


async def test_no_log_and_no_figure_ever_holds_an_order_number(database_url: str, tmp_path: Path) -> None:
    async with logging_cafe(database_url, tmp_path) as cafe:
        numbers = await a_day_with(cafe)
        figures = "".join([(await cafe.http.get(f"{cafe.settings.address_of(name)}/metrics")).text for name in CREATE])
        public = "".join(
            [
                (await cafe.http.get(cafe.frontend + path)).text
                for path in ("/", "/display", "/api/display/orders", "/api/menu", "/health", "/openapi.json", "/docs")
            ]
        )
    said = "".join((tmp_path / f"{name}.log").read_text() for name in CREATE)
    assert all(json.loads(line) for line in said.splitlines())
    assert len(said.splitlines()) > 50
    for number in numbers:
        secret = number.partition("-")[2].lower()
        assert secret not in said.lower()
        assert secret not in figures.lower()
        assert secret not in public.lower()


async def test_a_number_that_is_not_yours_is_one_that_is_not_there(cafe: RunningCafe) -> None:
    number = (await cafe.order())["order_number"]
    pickup, _, secret = number.partition("-")
    unlike = [
        f"{pickup}-{secret[:-1]}{'0' if secret[-1] != '0' else '1'}",  # all but right
        f"{pickup}-0000000000000000",
        "999-0000000000000000",
        pickup,
        "1",
        "x",
        number.lower(),
        "7" * 40,
    ]
    for path in ("/api/orders/{}", "/api/orders/{}/events", "/orders/{}"):
        answers = [await cafe.http.get(cafe.frontend + path.format(each)) for each in unlike]
        assert {answer.status_code for answer in answers} == {404}
        seen = {json.dumps({**answer.json(), "instance": ""}, sort_keys=True) for answer in answers}
        assert len(seen) == 1, path
        names = {tuple(sorted(name for name in answer.headers if name != "date")) for answer in answers}
        assert len(names) == 1, path
    on_orders = [await cafe.http.get(f"{cafe.orders}/orders/{each}") for each in unlike]
    assert {answer.status_code for answer in on_orders} == {404}
    cancels = [await cafe.http.post(f"{cafe.orders}/orders/{each}/cancel") for each in unlike]
    assert {(answer.status_code, answer.json()["code"]) for answer in cancels} == {(404, "order_not_found")}
    for each in unlike[:-1]:
        with pytest.raises(Exception, match="404"):
            async with cafe.screen(f"/ws/orders/{each}"):
                pass


@pytest.mark.parametrize(
    "path", ["/api/orders", "/api/kitchen/orders", "/api/kitchen/stats", "/api/kitchen/events", "/ws/kitchen"]
)
async def test_lists_and_names_are_for_staff(cafe: RunningCafe, path: str) -> None:
    await cafe.order("Ana")
    if path.startswith("/ws"):
        with pytest.raises(Exception, match="401"):
            async with cafe.screen(path):
                pass
        return
    answer = await cafe.http.get(cafe.frontend + path)
    assert answer.status_code == 401
    assert "Ana" not in answer.text


@pytest.mark.parametrize(
    ("service", "path"),
    [
        ("orders", "/orders"),
        ("orders", "/orders/events"),
        ("orders", "/board"),
        ("orders", "/stats"),
        ("kitchen", "/kitchen/orders"),
        ("kitchen", "/kitchen/stats"),
    ],
)
async def test_on_the_services_behind_too(cafe: RunningCafe, service: str, path: str) -> None:
    await cafe.order("Ana")
    answer = await cafe.http.get(cafe.settings.address_of(service) + path)
    assert answer.status_code == 401
    assert "Ana" not in answer.text


async def test_the_history_says_who_did_what_and_when_by_whichever_way(cafe: RunningCafe) -> None:
    number = (await cafe.order())["order_number"]
    answer = await cafe.http.post(f"{cafe.frontend}/sign-in", data={"password": PASSWORD})
    own = {"Cookie": answer.headers["Set-Cookie"].partition(";")[0], "Origin": cafe.frontend}
    cafe.http.cookies.clear()
    by_cookie = f"{cafe.frontend}/api/kitchen/orders/{number}/start"
    assert (await cafe.http.post(by_cookie, headers=own)).status_code == 200
    by_bearer = f"{cafe.kitchen}/kitchen/orders/{number}/ready"
    assert (await cafe.http.post(by_bearer, headers=bearer(subject="staff:maria"))).status_code == 200
    direct = await cafe.http.put(
        f"{cafe.orders}/orders/{number}",
        json={"status": "served"},
        headers=bearer(Role.SERVICE, subject="service:till"),
    )
    assert direct.status_code == 200
    async with cafe.sql() as sql:
        await sql.execute("UPDATE orders SET status = 'ready' WHERE order_number = $1", number)
    other = (await cafe.order())["order_number"]
    await cafe.http.post(f"{cafe.frontend}/api/orders/{other}/cancel")
    log = (await cafe.http.get(f"{cafe.orders}/orders/events", headers=bearer())).json()["events"]
    actors = [event["actor"] for event in log]
    assert actors[0] == "customer"
    assert actors[1].startswith("staff:")
    assert len(actors[1]) == len("staff:") + 8
    assert actors[2:4] == ["staff:maria", "service:till"]
    assert actors[4].startswith("sql:")
    assert actors[5:] == ["customer", "customer"]
    moments = [event["committed_at"] for event in log]
    assert moments == sorted(moments)
    assert all(moment.endswith("Z") for moment in moments)
