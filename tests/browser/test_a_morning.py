"""A phone orders, a tablet works, a TV and the phone follow: in a real browser, without a reload."""

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import Opener, Window, sign_in
from tests.cafe import RunningCafe, bearer

POLL_MS = 10_000


async def order_a_cappuccino(phone: Window, cafe: RunningCafe, name: str = "Ana") -> str:
    """Orders one with oat drink; the pickup number that the phone shows."""
    page = phone.page
    await phone.go(f"{cafe.frontend}/")
    await page.get_by_role("button", name="Cappuccino").click()
    sheet = page.locator("#sheet")
    await sheet.get_by_text("Oat drink").click()
    await sheet.get_by_label("A note for the kitchen").fill("no cocoa")
    await sheet.locator("[data-slot=put]").click()
    await page.locator("[data-cart-bar]").click()
    await page.get_by_label("Your name").fill(name)
    await page.get_by_role("button", name="Place order").click()
    await page.wait_for_url("**/orders/*")
    number = page.locator("[data-slot=number]").first
    await expect(number).to_have_text("001")
    return (await number.text_content() or "").strip()


def lane(page: Page, status: str, number: str):  # type: ignore[no-untyped-def]
    return page.locator(f"[data-lane={status}] .ticket", has_text=number)


def half(page: Page, status: str, number: str):  # type: ignore[no-untyped-def]
    return page.locator(f"[data-half={status}] .number", has_text=number)


@pytest.mark.parametrize("sockets", [True, False], ids=["by push", "by polling"])
async def test_an_order_travels_from_phone_to_kitchen_to_lobby(
    cafe: RunningCafe, window: Opener, *, sockets: bool
) -> None:
    phone, tablet, tv = [await window(size, sockets=sockets) for size in ("phone", "tablet", "tv")]
    await sign_in(tablet, cafe)
    await tv.go(f"{cafe.frontend}/display")
    state = "live" if sockets else "polling"
    for screen in (tablet, tv):
        connection = screen.page.locator("[data-connection]").first
        await expect(connection).to_have_attribute("data-state", state, timeout=POLL_MS)
    number = await order_a_cappuccino(phone, cafe)
    loads = [await screen.count_loads() for screen in (phone, tablet, tv)]
    article = phone.page.locator("article[data-status]")

    ticket = lane(tablet.page, "ordered", number)
    await expect(ticket).to_be_visible(timeout=POLL_MS)
    for words in ("Ana", "Cappuccino", "Oat drink", "no cocoa"):
        await expect(ticket).to_contain_text(words)

    await ticket.locator("[data-next]").click()
    await expect(lane(tablet.page, "preparing", number)).to_be_visible(timeout=POLL_MS)
    await expect(half(tv.page, "preparing", number)).to_be_visible(timeout=POLL_MS)
    await expect(article).to_have_attribute("data-status", "preparing", timeout=POLL_MS)

    await lane(tablet.page, "preparing", number).locator("[data-next]").click()
    await expect(half(tv.page, "ready", number)).to_be_visible(timeout=POLL_MS)
    await expect(half(tv.page, "preparing", number)).to_have_count(0, timeout=POLL_MS)
    await expect(article).to_have_attribute("data-status", "ready", timeout=POLL_MS)
    assert number in await phone.page.title()

    await lane(tablet.page, "ready", number).locator("[data-next]").click()
    await expect(half(tv.page, "ready", number)).to_have_count(0, timeout=POLL_MS)
    await expect(article).to_have_attribute("data-status", "served", timeout=POLL_MS)
    assert [count() for count in loads] == [0, 0, 0]
    for screen in (tablet, tv, phone):
        await expect(screen.page.locator("[data-connection]").first).to_have_attribute("data-state", state)


async def test_undo_takes_the_step_back_on_every_screen(cafe: RunningCafe, window: Opener) -> None:
    number = (await cafe.order())["pickup_number"]
    tablet, tv = await window("tablet"), await window("tv")
    await sign_in(tablet, cafe)
    await tv.go(f"{cafe.frontend}/display")
    await lane(tablet.page, "ordered", number).locator("[data-next]").click()
    await expect(half(tv.page, "preparing", number)).to_be_visible()
    await tablet.page.get_by_role("button", name="Undo").click()
    await expect(lane(tablet.page, "ordered", number)).to_be_visible()
    await expect(half(tv.page, "preparing", number)).to_have_count(0)


async def test_screens_say_that_they_are_cut_off_and_come_back_by_themselves(cafe: RunningCafe, window: Opener) -> None:
    order = await cafe.order()
    tv, phone = await window("tv"), await window("phone")
    await tv.go(f"{cafe.frontend}/display")
    await phone.go(f"{cafe.frontend}/orders/{order['order_number']}")
    links = [screen.page.locator("[data-connection]").first for screen in (tv, phone)]
    for link in links:
        await expect(link).to_have_attribute("data-state", "live")
    await cafe.stop("frontend")
    for link in links:
        await expect(link).to_have_attribute("data-state", "reconnecting")
    await cafe.http.put(f"{cafe.orders}/orders/{order['order_number']}", json={"status": "preparing"}, headers=bearer())
    cafe.start("frontend")
    for link in links:
        await expect(link).to_have_attribute("data-state", "live", timeout=30_000)
    await expect(half(tv.page, "preparing", "001")).to_be_visible()
    await expect(phone.page.locator("article[data-status]")).to_have_attribute("data-status", "preparing")


async def test_a_sold_out_item_leaves_the_open_menu(cafe: RunningCafe, window: Opener) -> None:
    tablet, phone = await window("tablet"), await window("phone")
    await sign_in(tablet, cafe)
    await phone.go(f"{cafe.frontend}/")
    item = phone.page.locator(".item", has_text="Flat White")
    await expect(item.locator(".item__sold-out")).to_be_hidden()
    await tablet.page.get_by_role("button", name="Sold out…").click()
    await tablet.page.get_by_role("switch", name="Flat White").click()
    await expect(item.locator(".item__sold-out")).to_be_visible()


async def test_what_a_customer_writes_never_becomes_markup(cafe: RunningCafe, window: Opener) -> None:
    evil = "<img src=x onerror=document.title='pwned'>"
    body = {"customer_name": evil, "items": [{"id": 2, "quantity": 1, "notes": evil}]}
    order = (await cafe.http.post(f"{cafe.frontend}/api/orders", json=body)).json()
    tablet, phone, tv = await window("tablet"), await window("phone"), await window("tv")
    await sign_in(tablet, cafe)
    await phone.go(f"{cafe.frontend}/orders/{order['order_number']}")
    await tv.go(f"{cafe.frontend}/display")
    await expect(tablet.page.locator(".ticket__name")).to_have_text(evil)
    await expect(phone.page.locator("[data-slot=customer]")).to_have_text(evil)
    for screen in (tablet, phone, tv):
        assert await screen.page.locator("img[src=x]").count() == 0
        assert await screen.page.title() != "pwned"


async def test_a_double_tap_makes_one_order(cafe: RunningCafe, window: Opener) -> None:
    phone = await window("phone")
    page = phone.page
    await phone.go(f"{cafe.frontend}/")
    await page.get_by_role("button", name="Espresso", exact=True).click()
    await page.locator("#sheet [data-slot=put]").click()
    await page.locator("[data-cart-bar]").click()
    await page.get_by_label("Your name").fill("Ben")
    await page.get_by_role("button", name="Place order").dblclick()
    await page.wait_for_url("**/orders/*")
    async with cafe.sql() as sql:
        assert await sql.fetchval("SELECT count(*) FROM orders") == 1


async def test_an_order_without_an_answer_is_found_again_and_not_made_twice(cafe: RunningCafe, window: Opener) -> None:
    page = (phone := await window("phone")).page
    await phone.go(f"{cafe.frontend}/")
    await page.get_by_role("button", name="Espresso", exact=True).click()
    await page.locator("#sheet [data-slot=put]").click()
    await page.locator("[data-cart-bar]").click()
    await page.get_by_label("Your name").fill("Ben")

    async def lose_the_answer(route: Route) -> None:
        await route.fetch()
        await page.evaluate("Object.defineProperty(navigator, 'onLine', {value: false})")
        await route.abort()

    await page.route("**/api/orders", lose_the_answer)
    await page.get_by_role("button", name="Place order").click()
    await expect(page.get_by_text("no answer came")).to_be_visible()
    await expect(page.get_by_role("button", name="One Espresso more")).to_be_disabled()
    await page.unroute("**/api/orders")
    await page.reload()
    await page.locator("[data-cart-bar]").click()
    await page.get_by_role("button", name="Send it again").click()
    await page.wait_for_url("**/orders/*")
    async with cafe.sql() as sql:
        assert await sql.fetchval("SELECT count(*) FROM orders") == 1


async def test_the_cart_survives_a_reload(cafe: RunningCafe, window: Opener) -> None:
    phone = await window("phone")
    await phone.go(f"{cafe.frontend}/")
    await phone.page.get_by_role("button", name="Espresso", exact=True).click()
    await phone.page.locator("#sheet [data-slot=put]").click()
    await expect(phone.page.locator("[data-cart-bar]")).to_be_visible()
    await phone.page.reload()
    await expect(phone.page.locator("[data-cart-bar]")).to_be_visible()
