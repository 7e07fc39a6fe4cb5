"""How the parts of a page start, stop and wake."""

from playwright.async_api import expect

from tests.browser.conftest import Opener
from tests.cafe import RunningCafe

LONG_MS = 15_000
KEEP_CONTEXTS = """
  window.contexts = [];
  const Original = window.AudioContext;
  window.AudioContext = class extends Original { constructor() { super(); window.contexts.push(this); } };
"""


async def test_a_behaviour_stops_when_its_element_leaves_the_page(cafe: RunningCafe, window: Opener) -> None:
    page = (tv := await window("tv")).page
    async with page.expect_websocket() as opened:
        await tv.go(f"{cafe.frontend}/display")
    socket = await opened.value
    await expect(page.locator("[data-connection]")).to_have_attribute("data-state", "live", timeout=LONG_MS)
    async with socket.expect_event("close"):
        await page.evaluate("document.querySelector('[data-behaviour=display]').remove()")


async def test_a_chime_that_was_suspended_sounds_again_when_the_page_is_looked_at(
    cafe: RunningCafe, window: Opener
) -> None:
    order = await cafe.order()
    page = (phone := await window("phone")).page
    await page.add_init_script(KEEP_CONTEXTS)
    await phone.go(f"{cafe.frontend}/orders/{order['order_number']}")
    await page.get_by_role("button", name="Chime when ready").click()
    await expect(page.get_by_role("button", name="Chime is on")).to_be_visible()
    await page.evaluate("contexts[0].suspend()")
    assert await page.evaluate("contexts[0].state") == "suspended"
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await page.wait_for_function("contexts[0].state === 'running'")
