"""The orders service, over HTTP, to the letter of its contract."""

import asyncio
import json
import re
from typing import Any

import pytest

from apps.kit.web.tokens import Role
from tests.cafe import RunningCafe, bearer

ORDER = {"customer_name": "Ana", "items": [{"id": 1, "quantity": 2}]}


async def post(cafe: RunningCafe, body: Any = ORDER, **headers: str) -> Any:
    return await cafe.http.post(f"{cafe.orders}/orders", json=body, headers=headers)


async def test_an_order_is_answered_with_all_its_parts(cafe: RunningCafe) -> None:
    choice = {"option": "size", "choice": "large"}
    body = {"customer_name": "  Ana  ", "items": [{"id": 2, "quantity": 2, "options": [choice], "notes": " no foam "}]}
    answer = await post(cafe, body)
    order = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/orders/{order['order_number']}"
    assert re.fullmatch(r"001-[0-9A-HJKMNP-TV-Z]{16}", order["order_number"])
    assert order["pickup_number"] == "001"
    assert order["customer_name"] == "Ana"
    line = order["items"][0]
    assert (line["name"], line["price"], line["quantity"], line["notes"]) == ("Cappuccino", 4.50, 2, "no foam")
    assert {**choice, "name": "Size", "choice_name": "Large", "price": 0.60} in line["options"]
    assert '"total_price" : 9.00' in answer.text
    assert (order["status"], order["version"]) == ("ordered", 1)
    assert order["ordered_at"] == order["created_at"] == order["updated_at"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", order["created_at"])
    assert [order[f"{status}_at"] for status in ("preparing", "ready", "served", "cancelled")] == [None] * 4


async def test_pickup_numbers_count_without_holes_even_when_all_come_at_once(cafe: RunningCafe) -> None:
    answers = await asyncio.gather(*(post(cafe) for _ in range(20)))
    assert sorted(answer.json()["pickup_number"] for answer in answers) == [f"{n:03d}" for n in range(1, 21)]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"customer_name": ""}, "customer_name"),
        ({"customer_name": "   "}, "customer_name"),
        ({"customer_name": "x" * 101}, "customer_name"),
        ({"customer_name": 7}, "customer_name"),
        ({"customer_name": "Ana\u0000"}, "customer_name"),
        ({"customer_name": "Ana\u202e"}, "customer_name"),
        ({"tip": 1}, "tip"),
        ({"items": []}, "items"),
        ({"items": [{"id": 1, "quantity": 1}] * 51}, "items"),
        ({"items": [{"id": 1}]}, "items[0].quantity"),
        ({"items": [{"id": 1, "quantity": 0}]}, "items[0].quantity"),
        ({"items": [{"id": 1, "quantity": 51}]}, "items[0].quantity"),
        ({"items": [{"id": 1, "quantity": "2"}]}, "items[0].quantity"),
        ({"items": [{"id": 1, "quantity": 1.5}]}, "items[0].quantity"),
        ({"items": [{"id": 1, "quantity": True}]}, "items[0].quantity"),
        ({"items": [{"id": "1", "quantity": 1}]}, "items[0].id"),
        ({"items": [{"id": 1, "quantity": 1, "notes": "x" * 201}]}, "items[0].notes"),
        ({"items": [{"id": 1, "quantity": 1, "price": "2.60"}]}, "items[0].price"),
        ({"items": [{"id": 999, "quantity": 1}]}, "items[0].id"),
        ({"items": [{"id": 1, "quantity": 1, "options": [{"option": "x", "choice": "y"}]}]}, "items[0].options[0]"),
        ({"total_price": True}, "total_price"),
    ],
)
async def test_a_field_at_fault_is_named(cafe: RunningCafe, change: dict[str, Any], field: str) -> None:
    answer = await post(cafe, {**ORDER, **change})
    problem = answer.json()
    assert (answer.status_code, problem["field"]) == (422, field), problem
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "instance", "code"} <= problem.keys()


@pytest.mark.parametrize("body", [b"", b"{", b"nonsense", b'{"customer_name":"\xff"}', b'["\\ud800"]'])
async def test_what_is_not_json_is_400(cafe: RunningCafe, body: bytes) -> None:
    answer = await cafe.http.post(f"{cafe.orders}/orders", content=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_json")


async def test_a_body_over_32_kib_is_413(cafe: RunningCafe) -> None:
    answer = await cafe.http.post(f"{cafe.orders}/orders", content=b" " * (32 * 1024 + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


async def test_a_price_that_has_changed_is_said_and_never_stored(cafe: RunningCafe) -> None:
    for body in ({**ORDER, "total_price": 1}, {**ORDER, "items": [{"id": 1, "quantity": 1, "price": 0.01}]}):
        answer = await post(cafe, body)
        assert (answer.status_code, answer.json()["code"]) == (409, "price_changed")
    assert answer.json()["price"] == 2.60
    assert (await post(cafe, {**ORDER, "total_price": 5.2})).status_code == 201


async def test_a_sold_out_item_is_409_until_it_is_back(cafe: RunningCafe) -> None:
    for available, status in ((False, 409), (True, 201)):
        await cafe.http.patch(f"{cafe.orders}/menu/1", json={"available": available}, headers=bearer())
        answer = await post(cafe)
        assert answer.status_code == status
    async with cafe.sql() as sql:
        assert await sql.fetchval("SELECT count(*) FROM orders") == 1


async def test_one_idempotency_key_makes_one_order_however_often_and_at_once(cafe: RunningCafe) -> None:
    answers = await asyncio.gather(*(post(cafe, **{"Idempotency-Key": "cart-1"}) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 7
    await cafe.step(answers[0].json()["order_number"], "start")
    late = await post(cafe, **{"Idempotency-Key": "cart-1"})
    assert late.json()["status"] == "ordered", "the first answer, word for word"
    other = await post(cafe, {**ORDER, "customer_name": "Ben"}, **{"Idempotency-Key": "cart-1"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_a_refused_order_leaves_its_key_free(cafe: RunningCafe) -> None:
    refused = await post(cafe, {**ORDER, "total_price": 1}, **{"Idempotency-Key": "cart-2"})
    assert refused.status_code == 409
    assert (await post(cafe, **{"Idempotency-Key": "cart-2"})).status_code == 201


async def test_a_key_that_is_too_long_is_refused(cafe: RunningCafe) -> None:
    assert (await post(cafe, **{"Idempotency-Key": "k" * 255})).status_code == 201
    assert (await post(cafe, **{"Idempotency-Key": "k" * 256})).status_code == 422


async def test_whoever_has_the_number_sees_the_order_and_who_has_not_learns_nothing(cafe: RunningCafe) -> None:
    order = (await post(cafe)).json()
    answer = await cafe.http.get(f"{cafe.orders}/orders/{order['order_number']}")
    assert (answer.json(), answer.headers["ETag"]) == (order, '"v1"')
    for number in (
        str(order["id"]),
        order["pickup_number"],
        order["order_number"][:-1],
        "%00",
        "x" * 300,
        "001-%2e%2e",
    ):
        answer = await cafe.http.get(f"{cafe.orders}/orders/{number}")
        assert (answer.status_code, answer.json()["code"]) == (404, "order_not_found")


async def test_an_unchanged_order_is_304(cafe: RunningCafe) -> None:
    url = f"{cafe.orders}/orders/{(await post(cafe)).json()['order_number']}"
    answer = await cafe.http.get(url, headers={"If-None-Match": 'W/"v0", "v1"'})
    assert (answer.status_code, answer.content) == (304, b"")
    assert (await cafe.http.get(url, headers={"If-None-Match": '"v2"'})).status_code == 200


async def test_a_move_takes_legal_steps_only_and_counts_versions_by_one(cafe: RunningCafe) -> None:
    order = (await post(cafe)).json()
    url, staff = f"{cafe.orders}/orders/{order['order_number']}", bearer()

    async def move(status: str, **headers: str) -> Any:
        return await cafe.http.put(url, json={"status": status}, headers={**staff, **headers})

    refused = await move("served")
    assert (refused.status_code, refused.json()["code"]) == (409, "illegal_step")
    assert (refused.json()["current_status"], refused.json()["allowed"]) == ("ordered", ["preparing", "cancelled"])
    for version, status in enumerate(("preparing", "ready", "served", "ready", "preparing", "ordered"), start=2):
        moved = (await move(status)).json()
        assert (moved["status"], moved["version"]) == (status, version)
    assert moved["preparing_at"] is None
    assert moved["ordered_at"] == order["ordered_at"]
    again = await move("ordered")
    assert (again.status_code, again.json()["version"]) == (200, 7)
    assert (await move("preparing", **{"If-Match": '"v6"'})).status_code == 412
    assert (await move("ordered", **{"If-Match": '"v6"'})).status_code == 412, "looked at before anything else"
    assert (await move("nonsense", **{"If-Match": '"v6"'})).status_code == 412
    assert (await move("preparing", **{"If-Match": '"v1", "v7"'})).json()["version"] == 8
    assert (await move("nonsense")).status_code == 422


async def test_two_who_move_at_once_make_one_step(cafe: RunningCafe) -> None:
    url = f"{cafe.orders}/orders/{(await post(cafe)).json()['order_number']}"
    answers = await asyncio.gather(
        *(cafe.http.put(url, json={"status": "preparing"}, headers=bearer()) for _ in range(10))
    )
    assert {(answer.status_code, answer.json()["version"]) for answer in answers} == {(200, 2)}


async def test_a_customer_may_cancel_while_it_is_ordered_and_twice_is_once(cafe: RunningCafe) -> None:
    url = f"{cafe.orders}/orders/{(await post(cafe)).json()['order_number']}"
    for _ in range(2):
        answer = await cafe.http.post(f"{url}/cancel")
        assert (answer.status_code, answer.json()["status"], answer.json()["version"]) == (200, "cancelled", 2)


async def test_a_customer_may_not_cancel_later_and_staff_may_until_it_is_ready(cafe: RunningCafe) -> None:
    url = f"{cafe.orders}/orders/{(await post(cafe)).json()['order_number']}"
    await cafe.http.put(url, json={"status": "preparing"}, headers=bearer())
    refused = await cafe.http.post(f"{url}/cancel")
    assert (refused.status_code, refused.json()["current_status"]) == (409, "preparing")
    assert (await cafe.http.post(f"{url}/cancel", headers=bearer())).json()["status"] == "cancelled"
    assert (await cafe.http.put(url, json={"status": "ordered"}, headers=bearer())).status_code == 409


async def test_the_list_is_newest_first_and_goes_on_by_its_link(cafe: RunningCafe) -> None:
    numbers = [(await post(cafe)).json()["order_number"] for _ in range(5)]
    await cafe.http.put(f"{cafe.orders}/orders/{numbers[0]}", json={"status": "preparing"}, headers=bearer())
    seen: list[str] = []
    url: str | None = f"{cafe.orders}/orders?limit=2&status=ordered,preparing"
    while url:
        page = await cafe.http.get(url, headers=bearer())
        seen += [order["order_number"] for order in page.json()]
        link = page.links.get("next")
        url = f"{cafe.orders}{link['url']}" if link else None
    assert seen == numbers[::-1]
    only = await cafe.http.get(f"{cafe.orders}/orders?status=preparing", headers=bearer())
    assert [order["order_number"] for order in only.json()] == numbers[:1]


@pytest.mark.parametrize(
    "query", ["status=lost", "limit=0", "limit=201", "limit=x", "before=0", "before=-1", "limit=٣"]
)
async def test_a_query_at_fault_is_named(cafe: RunningCafe, query: str) -> None:
    answer = await cafe.http.get(f"{cafe.orders}/orders?{query}", headers=bearer())
    assert (answer.status_code, answer.json()["field"]) == (422, query.partition("=")[0])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/orders"),
        ("PUT", "/orders/x"),
        ("GET", "/orders/events"),
        ("GET", "/board"),
        ("GET", "/stats"),
        ("PATCH", "/menu/1"),
        ("POST", "/sessions"),
    ],
)
async def test_what_is_for_staff_is_401_without_a_token_and_403_for_the_wrong_role(
    cafe: RunningCafe, method: str, path: str
) -> None:
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic eDp5"}):
        answer = await cafe.http.request(method, cafe.orders + path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_needed")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    if path == "/sessions":
        assert (await cafe.http.request(method, cafe.orders + path, headers=bearer(Role.STAFF))).status_code == 403


async def test_the_log_has_every_change_with_who_made_it(cafe: RunningCafe) -> None:
    number = (await post(cafe)).json()["order_number"]
    await cafe.http.put(f"{cafe.orders}/orders/{number}", json={"status": "preparing"}, headers=bearer())
    async with cafe.sql() as sql:
        await sql.execute("UPDATE orders SET status = 'ready'")
    log = (await cafe.http.get(f"{cafe.orders}/orders/events?after=0", headers=bearer())).json()
    assert [event["seq"] for event in log["events"]] == [1, 2, 3]
    assert [event["order"]["status"] for event in log["events"]] == ["ordered", "preparing", "ready"]
    assert [event["actor"] for event in log["events"]] == ["customer", "staff:test", "sql:cafe"]
    assert log["head"] == 3
    one = (await cafe.http.get(f"{cafe.orders}/orders/events?after=1&limit=1", headers=bearer())).json()
    assert ([event["seq"] for event in one["events"]], one["head"]) == ([2], 3)


async def test_the_board_holds_the_active_and_the_just_finished(cafe: RunningCafe) -> None:
    numbers = [(await post(cafe)).json()["order_number"] for _ in range(3)]
    await cafe.http.post(f"{cafe.orders}/orders/{numbers[1]}/cancel")
    async with cafe.sql() as sql:
        await sql.execute("ALTER TABLE orders DISABLE TRIGGER update_orders_updated_at")
        await sql.execute(
            "UPDATE orders SET updated_at = now() - interval '1 hour', status = 'served' WHERE id = $1",
            (await sql.fetchval("SELECT max(id) FROM orders")),
        )
    board = (await cafe.http.get(f"{cafe.orders}/board", headers=bearer(Role.SERVICE))).json()
    assert [order["order_number"] for order in board["orders"]] == numbers[:2]
    assert board["seq"] == 4


async def test_the_documents_describe_every_route(cafe: RunningCafe) -> None:
    for service in (cafe.orders, cafe.kitchen, cafe.frontend):
        document = (await cafe.http.get(f"{service}/openapi.json")).json()
        assert document["openapi"].startswith("3.1")
        assert document["paths"]
        json.dumps(document)


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nothing", 404), ("DELETE", "/orders", 405), ("TRACE", "/menu", 405)]
)
async def test_even_the_framework_s_refusals_are_problems(
    cafe: RunningCafe, method: str, path: str, status: int
) -> None:
    answer = await cafe.http.request(method, cafe.orders + path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
