"""What a tap in the kitchen does, and what it does not do."""

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import Opener, Window, sign_in
from tests.cafe import RunningCafe

LONG_MS = 15_000
SETTLED_MS = 1300


def ticket(page: Page, number: str, lane: str = "ordered") -> Locator:
    return page.locator(f"[data-lane={lane}] .ticket", has_text=number)


def steps_asked_for(page: Page) -> list[str]:
    """The steps that the page asks for from now on."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/kitchen/orders/" in request.url else None)
    return asked


async def kitchen_with_a_clock(cafe: RunningCafe, window: Opener) -> Window:
    """A kitchen with three new orders whose time stands still."""
    for name in ("Ana", "Ben", "Cleo"):
        await cafe.order(name)
    tablet = await window("tablet")
    await tablet.page.clock.install()
    await sign_in(tablet, cafe)
    await expect(ticket(tablet.page, "003")).to_be_visible(timeout=LONG_MS)
    await tablet.page.clock.pause_at(await tablet.page.evaluate("Date.now() / 1000 + 1"))
    await tablet.page.clock.run_for(SETTLED_MS)
    return tablet


async def test_a_second_tap_at_the_same_place_starts_nothing(cafe: RunningCafe, window: Opener) -> None:
    page = (await kitchen_with_a_clock(cafe, window)).page
    asked = steps_asked_for(page)
    box = await ticket(page, "002").locator("[data-next]").bounding_box()
    assert box
    place = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    await page.mouse.click(*place)
    await expect(ticket(page, "002", "preparing")).to_be_visible()
    await page.mouse.click(*place)
    await expect(ticket(page, "003")).to_have_attribute("data-settling", "")
    assert len(asked) == 1
    await page.clock.run_for(SETTLED_MS)
    await page.mouse.click(*place)
    await expect(ticket(page, "003", "preparing")).to_be_visible()


@pytest.mark.parametrize(("first", "then"), [("001", "002"), ("003", "001")], ids=["the next", "the first again"])
async def test_enter_pressed_twice_is_one_step(cafe: RunningCafe, window: Opener, first: str, then: str) -> None:
    page = (await kitchen_with_a_clock(cafe, window)).page
    asked = steps_asked_for(page)
    await ticket(page, first).locator("[data-next]").focus()
    await page.keyboard.press("Enter")
    await expect(ticket(page, first, "preparing")).to_be_visible()
    await expect(ticket(page, then).locator("[data-next]")).to_be_focused()
    await page.keyboard.press("Enter")
    assert len(asked) == 1
    await page.clock.run_for(SETTLED_MS)
    await page.keyboard.press("Enter")
    await expect(ticket(page, then, "preparing")).to_be_visible()


async def test_only_the_large_button_acts(cafe: RunningCafe, window: Opener) -> None:
    page = (await kitchen_with_a_clock(cafe, window)).page
    asked = steps_asked_for(page)
    for part in (".ticket__number", ".ticket__name", ".making__item"):
        await ticket(page, "001").locator(part).click()
    await ticket(page, "002").locator("[data-next]").click()
    await expect(ticket(page, "002", "preparing")).to_be_visible()
    assert len(asked) == 1


async def test_a_cancelled_ticket_stays_struck_through_until_it_is_taken_away(
    cafe: RunningCafe, window: Opener
) -> None:
    order = await cafe.order("Ana")
    page = (tablet := await window("tablet")).page
    await sign_in(tablet, cafe)
    await expect(ticket(page, "001")).to_be_visible(timeout=LONG_MS)
    await cafe.http.post(f"{cafe.frontend}/api/orders/{order['order_number']}/cancel")
    struck = ticket(page, "001")
    await expect(struck).to_have_attribute("data-withdrawn", "cancelled")
    await expect(struck).to_contain_text("Do not make it")
    await expect(struck.locator("[data-next]")).to_be_hidden()
    await expect(page.locator("[data-lane=ordered] [data-slot=count]")).to_have_text("0")
    await struck.get_by_role("button", name="Take the ticket 001 away").click()
    await expect(struck).to_have_count(0)


async def test_what_the_tablet_cancelled_itself_is_gone_at_once(cafe: RunningCafe, window: Opener) -> None:
    await cafe.order("Ana")
    page = (tablet := await window("tablet")).page
    await sign_in(tablet, cafe)
    await ticket(page, "001").get_by_role("button", name="Cancel 001").click()
    await page.get_by_role("button", name="Cancel the order").click()
    await expect(ticket(page, "001")).to_have_count(0)


@pytest.mark.parametrize("size", ["tablet", "small tablet", "upright tablet"])
async def test_the_undo_covers_no_button_and_comes_alone(cafe: RunningCafe, window: Opener, size: str) -> None:
    for position in range(24):
        order = await cafe.order("Ana")
        for step in ("start", "ready", "serve") if position < 6 else ("start",) if position < 14 else ():
            await cafe.step(order["order_number"], step)
    page = (tablet := await window(size)).page
    await sign_in(tablet, cafe)
    for number in ("015", "016"):
        await ticket(page, number).locator("[data-next]").click()
        await expect(ticket(page, number, "preparing")).to_be_visible(timeout=LONG_MS)
    await expect(page.get_by_role("button", name="Undo")).to_have_count(1)
    covered = await page.evaluate(
        """() => {
          const toast = document.querySelector(".toast").getBoundingClientRect();
          const seen = (button) => { // what has been scrolled out of sight is not covered by anything
            const box = button.getBoundingClientRect();
            const room = button.closest("[data-scroller], .served ul")?.getBoundingClientRect() ?? box;
            const near = (side) => Math.max(box[side], room[side]), far = (side) => Math.min(box[side], room[side]);
            return { left: near("left"), top: near("top"), right: far("right"), bottom: far("bottom") };
          };
          return [...document.querySelectorAll("button, summary")].filter((button) => {
            const box = seen(button);
            return !button.closest(".toast") && box.top < box.bottom && box.left < box.right
              && box.left < toast.right && toast.left < box.right && box.top < toast.bottom && toast.top < box.bottom;
          }).map((button) => button.textContent);
        }"""
    )
    assert covered == []


async def test_the_sold_out_panel_gives_its_socket_back_when_it_is_closed(cafe: RunningCafe, window: Opener) -> None:
    page = (tablet := await window("tablet")).page
    await sign_in(tablet, cafe)
    await expect(page.locator("[data-connection]")).to_have_attribute("data-state", "live", timeout=LONG_MS)
    async with page.expect_websocket(lambda socket: "/ws/menu" in socket.url) as opened:
        await page.get_by_role("button", name="Sold out…").click()
    socket = await opened.value
    await expect(page.get_by_role("switch", name="Flat White")).to_be_visible()
    async with socket.expect_event("close"):
        await page.locator("#switches [data-close]").click()
