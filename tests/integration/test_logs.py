"""Structured logs: a request is one id through all services, an order one mark, and neither gives the number away."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from apps.api.correlation import order_mark
from apps.kit.telemetry import request_id
from apps.kit.web.http_client import open_client
from tests.cafe import CREATE, RunningCafe, bearer
from tests.security.test_privacy import logging_cafe

NUMBER = "042-7KQX3M9P2D4RT6VW"


def _lines(folder: Path, service: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / f"{service}.log").read_text().splitlines()]


def _about(folder: Path, request_id: str) -> dict[str, list[dict[str, Any]]]:
    return {name: [line for line in _lines(folder, name) if line.get("request") == request_id] for name in CREATE}


async def test_a_tap_is_one_request_and_one_order_in_the_logs_of_all_three_services(
    database_url: str, tmp_path: Path
) -> None:
    async with logging_cafe(database_url, tmp_path) as cafe:
        number = (await cafe.order())["order_number"]
        other = (await cafe.order())["order_number"]
        answer = await cafe.step(number, "start", **{"X-Request-ID": "tap-1"})
        assert answer.headers["X-Request-ID"] == "tap-1"
        placing = await cafe.http.post(
            f"{cafe.frontend}/api/orders", json={"customer_name": "Bo", "items": [{"id": 1, "quantity": 1}]}
        )
        await asyncio.gather(*(cafe.step(other, "start", **{"X-Request-ID": f"tap-{each}"}) for each in (2, 3)))
    tap = _about(tmp_path, "tap-1")
    assert {name: [line["method"] for line in lines] for name, lines in tap.items()} == {
        "frontend": ["POST"],
        "kitchen": ["POST"],
        "orders": ["PUT"],
    }
    assert {line["order"] for lines in tap.values() for line in lines} == {order_mark(number)}
    placed = _about(tmp_path, placing.headers["X-Request-ID"])
    assert {name: [line["order"] for line in lines] for name, lines in placed.items()} == {
        "frontend": [order_mark(placing.json()["order_number"])],
        "kitchen": [],
        "orders": [order_mark(placing.json()["order_number"])],
    }
    for each in ("tap-2", "tap-3"):
        lines = [line for lines in _about(tmp_path, each).values() for line in lines]
        assert {line["order"] for line in lines} == {order_mark(other)}, each


async def test_what_a_service_says_while_it_answers_carries_the_request_and_the_order(
    database_url: str, tmp_path: Path
) -> None:
    async with logging_cafe(database_url, tmp_path) as cafe:
        number = (await cafe.order())["order_number"]
        async with cafe.sql() as sql:
            await sql.execute("ALTER TABLE orders ADD CONSTRAINT no_tea CHECK (status <> 'preparing')")
        assert (await cafe.step(number, "start", **{"X-Request-ID": "tap-9"})).status_code == 500
    [unexpected] = [line for line in _about(tmp_path, "tap-9")["orders"] if line["event"] == "unexpected error"]
    assert unexpected["order"] == order_mark(number)
    assert number not in json.dumps(unexpected)


async def test_a_call_to_nobody_of_ours_says_nothing_of_our_requests(cafe: RunningCafe) -> None:
    request_id.begin("tap-1")
    ids = []
    for name in ("orders", ""):
        async with open_client(cafe.orders, name) as client:
            ids.append((await client.get("/livez")).headers["X-Request-ID"])  # each service answers with the id it took
    assert ids[0] == "tap-1"
    assert ids[1] != "tap-1"


def test_a_mark_has_the_pickup_number_and_tells_two_days_apart_and_nothing_else() -> None:
    mark = order_mark(NUMBER)
    assert mark is not None
    assert mark.startswith("042#")
    assert len(mark) == len("042#") + 8
    assert mark.partition("#")[2].lower() not in NUMBER.lower()
    assert mark != order_mark("042-7KQX3M9P2D4RT6VX")
    assert mark == order_mark(f"/api/orders/{NUMBER}")
    assert order_mark("7") == "id 7"


@pytest.mark.parametrize("reference", [None, "", "x", NUMBER.lower(), NUMBER + "Q", "7" * 30, "042-", "١٢٣"])
def test_what_is_no_order_has_no_mark(reference: str | None) -> None:
    assert order_mark(reference) is None


async def test_every_request_has_an_id_and_a_bad_one_is_not_taken_over(cafe: RunningCafe) -> None:
    for service in CREATE:
        given = [f"{cafe.settings.address_of(service)}/livez"] * 2
        ids = [
            (await cafe.http.get(each, headers=bearer() | {"X-Request-ID": "a b"})).headers["X-Request-ID"]
            for each in given
        ]
        assert len(set(ids)) == 2
        assert "a b" not in ids
