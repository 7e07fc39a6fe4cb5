"""The kitchen's board when it is full."""

from playwright.async_api import Page, expect

from tests.browser.conftest import Opener, sign_in
from tests.cafe import RunningCafe

LONG_MS = 15_000
LEAST_WHOLE = 8
WHOLE = """() => [...document.querySelectorAll(".ticket")].filter((ticket) => {
  const room = ticket.closest("[data-scroller]").getBoundingClientRect(), box = ticket.getBoundingClientRect();
  return !ticket.closest("[data-lane=ready]") && box.top >= room.top - 1 && box.bottom <= room.bottom + 1;
}).length"""
OVERLAPPING = """() => {
  const boxes = [...document.querySelectorAll(".ticket")].map((ticket) => ticket.getBoundingClientRect());
  const overlap = (one, other) => one.left < other.right - 1 && other.left < one.right - 1
    && one.top < other.bottom - 1 && other.top < one.bottom - 1;
  return boxes.filter((box, index) => boxes.some((other, place) => place > index && overlap(box, other))).length;
}"""


async def full_kitchen(cafe: RunningCafe, window: Opener, size: str) -> Page:
    """Twenty-five orders of one and two lines with options and notes: 13 new, 7 being made, 5 ready."""
    oat = [{"option": "milk", "choice": "oat"}]
    for number in range(25):
        lines = [{"id": 2, "quantity": 1 + number % 2, "options": oat, "notes": "no cocoa" if number % 4 == 0 else ""}]
        lines += [{"id": 21, "quantity": 1}] * (number % 2)
        body = {"customer_name": f"Guest {number}", "items": lines}
        order = (await cafe.http.post(f"{cafe.frontend}/api/orders", json=body)).json()
        for step in ("start", "ready")[: (number < 12) + (number < 5)]:
            assert (await cafe.step(order["order_number"], step)).status_code == 200
    tablet = await window(size)
    await sign_in(tablet, cafe)
    await expect(tablet.page.locator("[data-lane=ordered] [data-slot=count]")).to_have_text("13", timeout=LONG_MS)
    return tablet.page


async def test_a_rush_fits_on_a_tablet(cafe: RunningCafe, window: Opener) -> None:
    page = await full_kitchen(cafe, window, "small tablet")
    assert await page.evaluate(WHOLE) >= LEAST_WHOLE
    assert await page.evaluate(OVERLAPPING) == 0
    assert await page.evaluate("document.documentElement.scrollHeight") == 768
    await expect(page.locator("[data-lane=ready] .ticket").last).to_be_in_viewport(ratio=1)
    await page.set_viewport_size({"width": 768, "height": 1024})
    await expect(page.locator("[data-lane=ready] .lane__head")).to_be_in_viewport(ratio=1)
    assert await page.evaluate(WHOLE) >= LEAST_WHOLE
    assert await page.evaluate("document.documentElement.scrollWidth") == 768


async def test_lanes_scroll_apart_under_heads_that_stay(cafe: RunningCafe, window: Opener) -> None:
    page = await full_kitchen(cafe, window, "small tablet")
    new, preparing = (page.locator(f"[data-lane={lane}]") for lane in ("ordered", "preparing"))
    await expect(new.locator("[data-slot=more]")).to_contain_text("more ↓")
    await new.locator(".ticket").last.scroll_into_view_if_needed()
    await expect(new.locator("[data-slot=more]")).to_be_hidden()
    await expect(new.locator(".lane__head")).to_be_in_viewport(ratio=1)
    await expect(preparing.locator(".ticket").first).to_be_in_viewport(ratio=1)


async def test_the_size_of_tickets_is_a_switch_that_the_tablet_remembers(cafe: RunningCafe, window: Opener) -> None:
    await cafe.order("Ana")
    page = (tablet := await window("small tablet")).page
    await sign_in(tablet, cafe)
    number = page.locator(".ticket__number")
    await expect(number).to_be_visible(timeout=LONG_MS)
    compact = await number.evaluate("(node) => parseFloat(getComputedStyle(node).fontSize)")
    await page.get_by_role("button", name="Larger tickets").click()
    await page.reload()
    await expect(page.get_by_role("button", name="Smaller tickets")).to_be_visible()
    assert await number.evaluate("(node) => parseFloat(getComputedStyle(node).fontSize)") > compact
