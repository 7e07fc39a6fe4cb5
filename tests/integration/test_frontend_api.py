"""The frontend: answers from the board, what it passes on, and who gets in."""

from typing import Any

import httpx
import pytest

from apps.kit.web.tokens import mint_sign_in_key
from tests.cafe import PASSWORD, SECRET, RunningCafe, bearer, run_cafe

PAGE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


async def sign_in(cafe: RunningCafe, **form: str) -> httpx.Response:
    return await cafe.http.post(f"{cafe.frontend}/sign-in", data=form or {"password": PASSWORD})


async def test_who_writes_reads_it_at_once(cafe: RunningCafe) -> None:
    for _ in range(5):
        order = await cafe.order()
        url = f"{cafe.frontend}/api/orders/{order['order_number']}"
        assert (await cafe.http.get(url)).json() == order
        for step, status in (("start", "preparing"), ("ready", "ready"), ("serve", "served")):
            await cafe.step(order["order_number"], step)
            assert (await cafe.http.get(url)).json()["status"] == status


async def test_location_and_link_stay_on_the_frontend(cafe: RunningCafe) -> None:
    body = {"customer_name": "Ana", "items": [{"id": 1, "quantity": 1}]}
    answers = [
        await cafe.http.post(f"{cafe.frontend}/api/orders", json=body, headers={"Idempotency-Key": "k"}) for _ in "12"
    ]
    assert answers[0].headers["Location"] == f"/api/orders/{answers[0].json()['order_number']}"
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    await cafe.order()
    page = await cafe.http.get(f"{cafe.frontend}/api/orders?limit=1", headers=bearer())
    assert page.links["next"]["url"].startswith("/api/orders?")
    assert (await cafe.http.get(cafe.frontend + page.links["next"]["url"], headers=bearer())).status_code == 200


async def test_the_lobby_is_told_numbers_and_nothing_else(cafe: RunningCafe) -> None:
    number = (await cafe.order("Ana"))["order_number"]
    await cafe.step(number, "start")
    answer = await cafe.http.get(f"{cafe.frontend}/api/display/orders")
    (shown,) = answer.json()["orders"]
    assert shown.keys() == {"pickup_number", "status", "since"}
    assert set(answer.json()) == {"epoch", "seq", "orders"}
    assert "Ana" not in answer.text
    assert number not in answer.text
    unchanged = await cafe.http.get(
        f"{cafe.frontend}/api/display/orders", headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert unchanged.status_code == 304


async def test_an_order_of_long_ago_is_still_found_and_watched(cafe: RunningCafe) -> None:
    number = (await cafe.order())["order_number"]
    async with cafe.sql() as sql:
        await sql.execute("ALTER TABLE orders DISABLE TRIGGER update_orders_updated_at")
        await sql.execute(
            "UPDATE orders SET status = 'served', served_at = now(), updated_at = now() - interval '1 day'"
        )
    await cafe.stop("frontend")
    cafe.start("frontend")
    await cafe.until_healthy("frontend")
    assert (await cafe.http.get(f"{cafe.frontend}/api/orders/{number}")).json()["status"] == "served"
    async with cafe.screen(f"/ws/orders/{number}") as phone:
        assert (await phone.next())["orders"][0]["status"] == "served"


@pytest.mark.parametrize("path", ["/api/orders/042-0000000000000000", "/api/nothing", "/orders/042-0000000000000000"])
async def test_what_is_not_there_is_a_problem_for_programs_and_a_page_for_people(cafe: RunningCafe, path: str) -> None:
    answer = await cafe.http.get(cafe.frontend + path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    if not path.startswith("/api"):
        page = await cafe.http.get(cafe.frontend + path, headers=PAGE)
        assert page.status_code == 404
        assert page.headers["content-type"].startswith("text/html")


async def test_the_password_opens_a_session_and_a_sign_out_ends_it(cafe: RunningCafe) -> None:
    refused = await sign_in(cafe, password="wrong")
    assert (refused.status_code, refused.json()["code"]) == (401, "sign_in_needed")
    answer = await sign_in(cafe)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/kitchen")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    kitchen = f"{cafe.frontend}/api/kitchen/orders"
    assert (await cafe.http.get(kitchen)).status_code == 200
    stolen = dict(cafe.http.cookies)
    await cafe.http.post(f"{cafe.frontend}/sign-out", headers={"Origin": cafe.frontend})
    cafe.http.cookies.clear()
    assert (await cafe.http.get(kitchen)).status_code == 401
    cafe.http.cookies.update(stolen)
    assert (await cafe.http.get(kitchen)).status_code == 401, "the session is gone, not just the cookie"


async def test_the_printed_link_is_good_once(cafe: RunningCafe) -> None:
    link = f"{cafe.frontend}/sign-in?key={mint_sign_in_key(SECRET)}"
    first = await cafe.http.get(link)
    assert (first.status_code, first.headers["Location"]) == (303, "/kitchen")
    cafe.http.cookies.clear()
    assert (await cafe.http.get(link)).status_code == 401
    assert (await cafe.http.get(f"{cafe.frontend}/sign-in?key=nonsense")).status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "null", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "http://evil.example", "Sec-Fetch-Site": "same-origin"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "own"}, 200),
    ],
)
async def test_a_change_by_cookie_must_come_from_our_own_pages(
    cafe: RunningCafe, headers: dict[str, str], status: int
) -> None:
    number = (await cafe.order())["order_number"]
    await sign_in(cafe)
    headers = {name: cafe.frontend if value == "own" else value for name, value in headers.items()}
    answer = await cafe.http.post(f"{cafe.frontend}/api/kitchen/orders/{number}/start", headers=headers)
    assert answer.status_code == status


async def test_the_history_says_which_session_took_the_step(cafe: RunningCafe) -> None:
    number = (await cafe.order())["order_number"]
    await sign_in(cafe)
    await cafe.http.post(f"{cafe.frontend}/api/kitchen/orders/{number}/start", headers={"Origin": cafe.frontend})
    async with cafe.sql() as sql:
        actors = [row["actor"] for row in await sql.fetch("SELECT actor FROM order_events ORDER BY seq")]
    assert actors[0] == "customer"
    assert actors[1].startswith("staff:")


async def test_a_socket_with_a_cookie_needs_our_own_origin(cafe: RunningCafe) -> None:
    await sign_in(cafe)
    cookie = f"cafe_session={cafe.http.cookies['cafe_session']}"
    async with cafe.screen("/ws/kitchen", Cookie=cookie, Origin=cafe.frontend) as kitchen:
        assert (await kitchen.next())["type"] == "snapshot"
    with pytest.raises(Exception, match="403"):
        async with cafe.screen("/ws/kitchen", Cookie=cookie):
            pass


async def test_the_kitchen_page_sends_who_is_not_signed_in_to_the_sign_in(cafe: RunningCafe) -> None:
    answer = await cafe.http.get(f"{cafe.frontend}/kitchen", headers=PAGE)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in?next=/kitchen")


async def test_allowed_origins_are_exact(database_url: str) -> None:
    async with run_cafe(database_url, CAFE_CORS_ORIGINS="https://shop.example") as cafe:
        url = f"{cafe.frontend}/api/menu"
        allowed = await cafe.http.get(url, headers={"Origin": "https://shop.example"})
        assert allowed.headers["Access-Control-Allow-Origin"] == "https://shop.example"
        for origin in ("https://shop.example.evil.example", "https://shop.examplex", "http://shop.example", "null"):
            answer = await cafe.http.get(url, headers={"Origin": origin})
            assert "Access-Control-Allow-Origin" not in answer.headers


async def test_pages_and_answers_carry_the_headers_that_browsers_need(cafe: RunningCafe) -> None:
    for path in ("/", "/display", "/sign-in", "/api/menu", "/docs"):
        headers: Any = (await cafe.http.get(cafe.frontend + path)).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'self'")
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
    number = (await cafe.order())["order_number"]
    page = await cafe.http.get(f"{cafe.frontend}/orders/{number}")
    assert page.headers["Referrer-Policy"] == "no-referrer"


async def test_a_thousand_polls_cost_the_orders_service_nothing(cafe: RunningCafe) -> None:
    number = (await cafe.order())["order_number"]
    await cafe.stop("orders")
    for path in ("/api/menu", "/api/display/orders", f"/api/orders/{number}"):
        answer = await cafe.http.get(cafe.frontend + path)
        assert answer.status_code == 200
    assert (await cafe.http.get(f"{cafe.frontend}/api/kitchen/orders", headers=bearer())).status_code == 200
    refused = await cafe.http.post(f"{cafe.frontend}/api/orders", json={})
    assert (refused.status_code, refused.json()["code"]) == (503, "unreachable")
