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


@pytest.mark.parametrize("size", ["phone", "turned phone"])
async def test_no_page_is_wider_than_the_phone_whatever_a_name_is(cafe: RunningCafe, window: Opener, size: str) -> None:
    order = await cafe.order("W" * 100)
    screen = await window(size)
    for path in ("", f"orders/{order['order_number']}", "display", "sign-in"):
        await screen.go(f"{cafe.frontend}/{path}")
        if path.startswith("orders"):
            await expect(screen.page.locator("[data-slot=customer]")).to_have_text("W" * 100, timeout=LONG_MS)
        overflow = await screen.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, path
    await screen.go(f"{cafe.frontend}/orders/{order['order_number']}")
    number = screen.page.locator(".window__number")
    lines = "(node) => node.getBoundingClientRect().height / parseFloat(getComputedStyle(node).fontSize)"
    assert await number.evaluate(lines) < 1.5, "the number is on one line"


async def test_a_turned_phone_shows_items(cafe: RunningCafe, window: Opener) -> None:
    page = (phone := await window("turned phone")).page
    await phone.go(f"{cafe.frontend}/")
    await expect(page.get_by_role("button", name="Espresso", exact=True)).to_be_in_viewport(ratio=1, timeout=LONG_MS)


async def test_what_takes_the_focus_is_never_behind_a_bar(cafe: RunningCafe, window: Opener) -> None:
    page = (phone := await window("phone")).page
    await phone.go(f"{cafe.frontend}/")
    await page.get_by_role("button", name="Espresso", exact=True).click()
    await page.locator("#sheet [data-slot=put]").click()
    bar = await page.locator("[data-cart-bar]").bounding_box()
    assert bar
    tops = []
    for _ in range(await page.locator("[data-item]").count() - 1):
        await page.keyboard.press("Tab")
        tops.append(await page.evaluate("document.activeElement.getBoundingClientRect().top"))
    assert [top for top in tops if top >= bar["y"]] == []
