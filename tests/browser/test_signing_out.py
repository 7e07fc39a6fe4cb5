"""Signing out of the kitchen: this screen, or every one at once; also where no script runs."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Opener, Window, sign_in
from tests.cafe import PASSWORD, RunningCafe

WAIT_MS = 10_000


async def sign_in_by_hand(screen: Window, cafe: RunningCafe) -> None:
    await screen.go(f"{cafe.frontend}/sign-in")
    await screen.page.get_by_label("Password").fill(PASSWORD)
    await screen.page.get_by_role("button", name="Sign in", exact=True).click()
    await screen.page.wait_for_url("**/kitchen")


async def is_in(screen: Window, cafe: RunningCafe) -> bool:
    return (await screen.context.request.get(f"{cafe.frontend}/api/kitchen/orders")).status == 200


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
async def test_every_screen_is_signed_out_at_once_but_never_by_one_tap(
    cafe: RunningCafe, window: Opener, *, scripts: bool
) -> None:
    mine, lost = await window("tablet", java_script_enabled=scripts), await window("phone")
    await sign_in_by_hand(mine, cafe)
    await sign_in(lost, cafe)
    await expect(lost.page.locator("[data-connection]").first).to_have_attribute("data-state", "live", timeout=WAIT_MS)
    everywhere = mine.page.get_by_role("button", name="Sign out everywhere")
    await expect(everywhere).to_be_hidden()
    await mine.page.get_by_text("Sign out…").click()
    await expect(everywhere).to_be_hidden()
    await mine.page.get_by_text("Every screen…").click()
    await expect(mine.page.locator("#leaving")).to_contain_text("this one too")
    assert await is_in(lost, cafe), "nothing has happened yet"
    await everywhere.click()
    await mine.page.wait_for_url("**/sign-in**")
    assert not await is_in(mine, cafe)
    assert not await is_in(lost, cafe)
    await lost.page.wait_for_url("**/sign-in**", timeout=WAIT_MS)


async def test_one_screen_is_signed_out_and_the_others_work_on(cafe: RunningCafe, window: Opener) -> None:
    mine, other = await window("phone"), await window("tablet")
    await sign_in(mine, cafe)
    await sign_in(other, cafe)
    await mine.page.get_by_text("Sign out…").click()
    await mine.page.get_by_role("button", name="This screen").click()
    await mine.page.wait_for_url("**/sign-in**")
    assert not await is_in(mine, cafe)
    assert await is_in(other, cafe)


async def test_the_sign_in_page_says_where_the_password_is(cafe: RunningCafe, window: Opener) -> None:
    screen = await window("phone")
    await screen.go(f"{cafe.frontend}/sign-in")
    hint = screen.page.locator(".plain__hint")
    for words in ("CAFE_STAFF_PASSWORD", "staff-password", ".cafe"):
        await expect(hint).to_contain_text(words)
    await expect(hint).not_to_contain_text("printed")
