"""The lobby's board: what is large, what is first, and what is new."""

from playwright.async_api import Page, expect

from tests.browser.conftest import Opener
from tests.cafe import RunningCafe

LONG_MS = 15_000
DIGITS = "(node) => parseFloat(getComputedStyle(node).fontSize)"


async def board(cafe: RunningCafe, window: Opener, size: str) -> Page:
    """Two ready numbers, the second one later, and two in preparation."""
    for steps in (("start", "ready"), ("start", "ready"), ("start",), ("start",)):
        number = (await cafe.order())["order_number"]
        for step in steps:
            await cafe.step(number, step)
    tv = await window(size)
    await tv.page.clock.install()
    await tv.go(f"{cafe.frontend}/display")
    await expect(tv.page.locator("[data-half=preparing] .number")).to_have_count(2, timeout=LONG_MS)
    return tv.page


async def test_the_newest_ready_number_is_first_and_marked_for_a_minute(cafe: RunningCafe, window: Opener) -> None:
    page = await board(cafe, window, "tv")
    ready = page.locator("[data-half=ready] .number")
    await expect(ready).to_have_text(["002", "001"])
    await expect(page.locator(".number[data-new]")).to_have_count(2)
    await page.clock.run_for(61_000)
    await expect(page.locator(".number[data-new]")).to_have_count(0)


async def test_ready_is_the_large_part_upright_too(cafe: RunningCafe, window: Opener) -> None:
    page = await board(cafe, window, "upright tv")
    ready, preparing = (page.locator(f"[data-half={half}] .number").first for half in ("ready", "preparing"))
    assert await ready.evaluate(DIGITS) > await preparing.evaluate(DIGITS)
    ready_box, preparing_box = await ready.bounding_box(), await preparing.bounding_box()
    assert ready_box
    assert preparing_box
    assert ready_box["y"] < preparing_box["y"]
