"""What a page loads first, and how still it is while it does."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Opener, sign_in
from tests.cafe import RunningCafe

LONG_MS = 15_000
MOST_SHIFT = 0.05
NAMED = """() => [...document.head.querySelectorAll("link[rel=modulepreload], link[rel=stylesheet], script[src]")]
  .map((element) => element.href || element.src)"""
LOADED = """() => performance.getEntriesByType("resource").map((entry) => entry.name)
  .filter((name) => /\\.(js|css)$/.test(name))"""
SHIFT = """() => new Promise((done) => new PerformanceObserver((list) =>
  done(list.getEntries().reduce((sum, entry) => sum + entry.value, 0))
).observe({ type: "layout-shift", buffered: true }) || setTimeout(() => done(0), 500))"""


@pytest.mark.parametrize("page_name", ["menu", "order", "kitchen", "display", "sign-in"])
async def test_every_module_and_stylesheet_is_named_in_the_head(
    cafe: RunningCafe, window: Opener, page_name: str
) -> None:
    order = await cafe.order()
    screen = await window("tablet")
    if page_name == "kitchen":
        await sign_in(screen, cafe)
    else:
        path = {"menu": "", "order": f"orders/{order['order_number']}"}.get(page_name, page_name)
        await screen.go(f"{cafe.frontend}/{path}")
    if page_name != "sign-in":
        connection = screen.page.locator("[data-connection]").first
        await expect(connection).to_have_attribute("data-state", "live", timeout=LONG_MS)
    named, loaded = set(await screen.page.evaluate(NAMED)), set(await screen.page.evaluate(LOADED))
    assert loaded == named


@pytest.mark.parametrize("size", ["phone", "tablet"])
async def test_the_menu_does_not_jump_while_it_loads(cafe: RunningCafe, window: Opener, size: str) -> None:
    page = (phone := await window(size)).page
    await phone.go(f"{cafe.frontend}/")
    await expect(page.locator("#menu-coffee")).to_be_visible(timeout=LONG_MS)
    assert await page.evaluate(SHIFT) <= MOST_SHIFT
