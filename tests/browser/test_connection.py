"""What screens say of their connection, and how they come to run a new release."""

import json

from playwright.async_api import Page, WebSocketRoute, expect

from tests.browser.conftest import Opener
from tests.cafe import RunningCafe

LONG_MS = 15_000
IDLE_MS = 17_000  # ten seconds without a touch, and up to five so that screens do not all load at once


async def test_offline_is_said_at_once(cafe: RunningCafe, window: Opener) -> None:
    page = (tv := await window("tv")).page
    await tv.go(f"{cafe.frontend}/display")
    connection = page.locator("[data-connection]")
    await expect(connection).to_have_attribute("data-state", "live", timeout=LONG_MS)
    await tv.context.route_web_socket("**", lambda route: route.close(code=1012))
    await tv.context.set_offline(True)
    await expect(connection).to_have_attribute("data-state", "offline")
    await expect(connection).to_contain_text("Offline")


async def test_a_wall_clock_that_jumps_back_does_not_make_old_state_live(cafe: RunningCafe, window: Opener) -> None:
    page = (tv := await window("tv", sockets=False)).page
    await page.clock.install()
    await tv.go(f"{cafe.frontend}/display")
    connection = page.locator("[data-connection]")
    await expect(connection).to_have_attribute("data-state", "polling", timeout=LONG_MS)
    await cafe.stop("frontend")
    await page.clock.run_for(40_000)
    await expect(connection).to_have_attribute("data-state", "stale", timeout=LONG_MS)
    await page.clock.set_system_time(await page.evaluate("Date.now() / 1000 - 3600"))
    await page.clock.run_for(2000)
    await expect(connection).to_have_attribute("data-state", "stale")


async def menu_that_hears_of(page: Page, release: str) -> list[WebSocketRoute]:
    """The menu's websockets from now on; each tells of `release` before its first message."""
    routes: list[WebSocketRoute] = []

    def pass_on(route: WebSocketRoute) -> None:
        routes.append(route)
        server = route.connect_to_server()

        def forward(message: str | bytes) -> None:
            route.send(json.dumps({"type": "heartbeat", "epoch": "", "seq": 0, "release": release}))
            route.send(message)

        server.on_message(forward)

    await page.route_web_socket("**/ws/menu", pass_on)
    return routes


async def test_a_new_release_is_loaded_when_idle_with_the_cart_kept(cafe: RunningCafe, window: Opener) -> None:
    page = (phone := await window("phone")).page
    await page.clock.install()
    await menu_that_hears_of(page, "another")
    await phone.go(f"{cafe.frontend}/")
    await page.get_by_role("button", name="Espresso", exact=True).click()
    loads = await phone.count_loads()
    await page.clock.run_for(IDLE_MS)
    await expect(page.locator("#sheet")).to_be_visible()
    assert loads() == 0, "not while a dialog is open"
    await page.locator("#sheet [data-slot=put]").click()
    async with page.expect_event("load"):
        await page.clock.run_for(IDLE_MS)
    await expect(page.locator("[data-cart-bar]")).to_contain_text("1 item")
    await expect(page.locator("[data-connection]")).to_have_attribute("data-state", "live", timeout=LONG_MS)
    await page.clock.run_for(IDLE_MS)
    assert await page.evaluate("fetch('/livez').then((answer) => answer.status)") == 200, "it has not gone away"
    assert loads() == 1, "once for each release, so that it never goes round in circles"


async def test_the_release_that_runs_is_not_loaded_again(cafe: RunningCafe, window: Opener) -> None:
    page = (phone := await window("phone")).page
    await phone.go(f"{cafe.frontend}/")
    release = await page.locator("meta[name=release]").get_attribute("content")
    assert release
    assert f"/static/{release}/" in (await page.locator("script[type=module]").get_attribute("src") or "")
    await page.clock.install()
    await menu_that_hears_of(page, release)
    await page.reload()
    await expect(page.locator("#menu-coffee")).to_be_visible(timeout=LONG_MS)
    loads = await phone.count_loads()
    await page.clock.run_for(IDLE_MS)
    assert loads() == 0
