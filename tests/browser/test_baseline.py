"""Pages in a browser that lacks what Safari 15.4 and Chromium 87 lack."""

from playwright.async_api import expect

from tests.browser.conftest import Opener, sign_in
from tests.cafe import RunningCafe

LONG_MS = 15_000
OLDER = """
  delete AbortSignal.timeout; delete AbortSignal.any;
  for (const name of ["popover", "showPopover", "hidePopover", "togglePopover"]) delete HTMLElement.prototype[name];
  delete Crypto.prototype.randomUUID; delete window.structuredClone; delete Array.prototype.at;
  delete Array.prototype.toSorted; delete window.scheduler; delete window.requestIdleCallback;
"""


async def test_the_menu_is_there_and_an_order_is_placed(cafe: RunningCafe, window: Opener) -> None:
    page = (phone := await window("phone")).page
    await page.add_init_script(OLDER)
    await phone.go(f"{cafe.frontend}/")
    assert await page.evaluate("typeof AbortSignal.timeout") == "undefined"
    await page.get_by_role("button", name="Espresso", exact=True).click()
    await page.locator("#sheet [data-slot=put]").click()
    await page.locator("[data-cart-bar]").click()
    await page.get_by_label("Your name").fill("Ana")
    await page.get_by_role("button", name="Place order").click()
    await page.wait_for_url("**/orders/*")
    await expect(page.locator("article[data-status]")).to_have_attribute("data-status", "ordered", timeout=LONG_MS)


async def test_a_tap_in_the_kitchen_and_signing_out_work(cafe: RunningCafe, window: Opener) -> None:
    await cafe.order("Ana")
    page = (tablet := await window("tablet")).page
    await page.add_init_script(OLDER)
    await sign_in(tablet, cafe)
    await page.locator("[data-lane=ordered] [data-next]").click()
    await expect(page.locator("[data-lane=preparing] .ticket")).to_be_visible(timeout=LONG_MS)
    await page.get_by_text("Sign out…").click()
    await page.get_by_role("button", name="This screen").click()
    await page.wait_for_url("**/sign-in**")
