"""The cart, when the menu changes under it, when answers are lost or are none, and at its limits."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from playwright.async_api import Page, Route, expect

from tests.browser.conftest import Opener, Window
from tests.cafe import RunningCafe

LONG_MS = 15_000
OFFLINE = "Object.defineProperty(navigator, 'onLine', {value: false, configurable: true})"


async def choose(phone: Window, cafe: RunningCafe, item: str = "Cappuccino", choice: str | None = None) -> Page:
    page = phone.page
    await phone.go(f"{cafe.frontend}/")
    await page.get_by_role("button", name=item, exact=True).click()
    if choice:
        await page.locator("#sheet").get_by_text(choice).click()
    await page.locator("#sheet [data-slot=put]").click()
    return page


async def open_checkout(page: Page, name: str = "Ana") -> None:
    await page.locator("[data-cart-bar]").click()
    await page.get_by_label("Your name").fill(name)


async def stored_cart(page: Page) -> dict[str, Any]:
    cart: dict[str, Any] = json.loads(await page.evaluate("localStorage.getItem('cafe.cart')"))
    return cart


async def orders_made(cafe: RunningCafe) -> int:
    async with cafe.sql() as sql:
        count: int = await sql.fetchval("SELECT count(*) FROM orders")
    return count


async def test_a_choice_that_is_gone_blocks_the_line_and_is_never_replaced(cafe: RunningCafe, window: Opener) -> None:
    phone = await window("phone")
    page = await choose(phone, cafe, choice="Oat drink")
    async with cafe.sql() as sql:
        await sql.execute(
            """UPDATE menu_items SET options = (
                 SELECT jsonb_agg(CASE WHEN option->>'id' = 'milk' THEN jsonb_set(option, '{choices}',
                   (SELECT jsonb_agg(choice) FROM jsonb_array_elements(option->'choices') AS choice
                    WHERE choice->>'id' <> 'oat')) ELSE option END)
                 FROM jsonb_array_elements(options) AS option)
               WHERE name = 'Cappuccino'"""
        )
    await open_checkout(page)
    trouble = page.locator(".cart-line__trouble")
    await expect(trouble).to_contain_text("Oat drink (Milk) is no longer available", timeout=LONG_MS)
    await expect(trouble).to_contain_text("Almond drink")
    await expect(page.get_by_role("button", name="Place order")).to_be_disabled()
    await page.get_by_role("button", name="Choose again for Cappuccino").click()
    put = page.locator("#sheet [data-slot=put]")
    await expect(put).to_have_text("Please choose: Milk")
    await expect(put).to_be_disabled()
    await page.locator("#sheet").get_by_text("Almond drink").click()
    await put.click()
    await expect(trouble).to_be_hidden()
    await page.get_by_role("button", name="Place order").click()
    await page.wait_for_url("**/orders/*")
    await expect(page.locator(".receipt__options")).to_contain_text("Almond drink")


async def test_a_category_that_is_added_appears_and_is_marked_when_read(cafe: RunningCafe, window: Opener) -> None:
    page = (phone := await window("phone")).page
    await phone.go(f"{cafe.frontend}/")
    await expect(page.locator("#menu-coffee")).to_be_visible()
    async with cafe.sql() as sql:
        await sql.execute("INSERT INTO menu_categories (id, name, position) VALUES ('soup', 'Soups', 99)")
        await sql.execute(
            """INSERT INTO menu_items (category, name, description, price, allergens, position, options)
               SELECT 'soup', 'Soup ' || n, 'Hot.', 5.00, '{}', 100 + n, '[]' FROM generate_series(1, 12) AS n"""
        )
    link = page.locator("[data-category-nav] a", has_text="Soups")
    await expect(link).to_be_visible(timeout=LONG_MS)
    await link.click()
    await expect(link).to_have_attribute("aria-current", "true")


def answering(answer: dict[str, Any]) -> Callable[[Route], Awaitable[None]]:
    async def give(route: Route) -> None:
        await route.fulfill(**answer)

    return give


async def test_an_answer_that_is_no_order_empties_nothing(cafe: RunningCafe, window: Opener) -> None:
    phone = await window("phone")
    page = await choose(phone, cafe)
    await open_checkout(page)
    answers = [
        {"status": 200, "content_type": "text/html", "body": "<h1>Welcome to the hotspot</h1>"},
        {"status": 201, "content_type": "application/json", "body": '{"order_number": "042-7KQ'},
        {"status": 201, "content_type": "application/json", "body": "{}"},
        {"status": 403, "content_type": "application/json", "body": '{"message": "Forbidden by the proxy"}'},
    ]
    await page.evaluate(OFFLINE)  # one attempt for each tap
    for answer in answers:
        await page.route("**/api/orders", answering(answer))
        await page.get_by_role("button", name="Place order").or_(page.get_by_role("button", name="Send it")).click()
        await expect(page.get_by_text("no answer came")).to_be_visible()
        await expect(page.get_by_text("was sent")).to_have_count(0)
        assert len((await stored_cart(page))["lines"]) == 1
        await page.unroute("**/api/orders")
    await page.get_by_role("button", name="Send it again").click()
    await page.wait_for_url("**/orders/0*")
    assert await orders_made(cafe) == 1


async def test_an_unknown_outcome_is_asked_for_again_with_the_same_key(cafe: RunningCafe, window: Opener) -> None:
    phone = await window("phone")
    page = await choose(phone, cafe)
    await open_checkout(page)
    sent: list[tuple[str | None, str | None]] = []

    async def lose_the_first_answer(route: Route) -> None:
        sent.append((route.request.headers.get("idempotency-key"), route.request.post_data))
        if len(sent) > 1:
            return await route.continue_()
        await route.fetch()
        problem = {"status": 504, "code": "outcome_unknown", "title": "Gateway Timeout"}
        return await route.fulfill(status=504, content_type="application/problem+json", body=json.dumps(problem))

    await page.route("**/api/orders", lose_the_first_answer)
    await page.get_by_role("button", name="Place order").click()
    await page.wait_for_url("**/orders/*", timeout=LONG_MS)
    assert len(sent) == 2
    assert sent[0] == sent[1]
    assert await orders_made(cafe) == 1


async def test_offline_nothing_is_sent_and_that_is_what_it_says(cafe: RunningCafe, window: Opener) -> None:
    phone = await window("phone")
    page = await choose(phone, cafe)
    await open_checkout(page)
    await phone.context.set_offline(True)
    await page.get_by_role("button", name="Place order").click()
    await expect(page.get_by_text("nothing has been sent")).to_be_visible()
    assert (await stored_cart(page))["key"] is None
    await phone.context.set_offline(False)
    await page.get_by_role("button", name="Place order").click()
    await page.wait_for_url("**/orders/*")
    assert await orders_made(cafe) == 1


async def test_the_51st_unit_is_refused_and_said_to_be(cafe: RunningCafe, window: Opener) -> None:
    phone = await window("phone")
    page = await choose(phone, cafe)
    await page.evaluate(
        """() => { const cart = JSON.parse(localStorage.getItem("cafe.cart"));
                   cart.lines[0].quantity = 50; localStorage.setItem("cafe.cart", JSON.stringify(cart)); }"""
    )
    await choose(phone, cafe)
    await expect(page.locator("#sheet [data-slot=problem]")).to_contain_text("at most 50")
    await expect(page.get_by_text("is in your order")).to_have_count(0)
    await page.locator("#sheet [data-close]").click()
    await expect(page.locator("[data-cart-bar]")).to_contain_text("50 items")
    await page.locator("[data-cart-bar]").click()
    await expect(page.get_by_role("button", name="One Cappuccino more")).to_be_disabled()
