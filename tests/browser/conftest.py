"""A real, headless Chromium, and pages in it the size of a phone, a tablet and a TV."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, WebSocketRoute, async_playwright

from tests.cafe import PASSWORD, RunningCafe
from tools.checks.browser import browser as path_of_browser

SIZES = {
    "phone": (390, 844),
    "turned phone": (844, 390),
    "tablet": (1180, 820),
    "small tablet": (1024, 768),
    "upright tablet": (768, 1024),
    "tv": (1920, 1080),
    "upright tv": (1080, 1920),
}
FLAGS = [
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
]  # fmt: skip


@dataclass
class Window:
    """One browser window; collects what its console complains of."""

    page: Page
    context: BrowserContext
    complaints: list[str] = field(default_factory=list)

    async def go(self, address: str) -> None:
        await self.page.goto(address)

    async def count_loads(self) -> Callable[[], int]:
        """How often the page has been loaded since."""
        loads: list[str] = []
        self.page.on("load", lambda page: loads.append(page.url))
        return lambda: len(loads)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=path_of_browser(), args=FLAGS)
        yield started
        await started.close()


Opener = Callable[..., Awaitable[Window]]


@pytest.fixture
async def window(browser: Browser) -> AsyncIterator[Opener]:
    """Opens windows; at the end no page may have complained of anything but a lost connection."""
    opened: list[Window] = []

    async def open_window(size: str = "phone", *, sockets: bool = True, **more: Any) -> Window:
        width, height = SIZES[size]
        context = await browser.new_context(viewport={"width": width, "height": height}, **more)
        if not sockets:
            await context.route_web_socket("**", _refuse)
        page = await context.new_page()
        made = Window(page, context)
        page.on("pageerror", lambda error: made.complaints.append(str(error)))
        page.on("console", lambda line: _note(made, line.type, line.text))
        opened.append(made)
        return made

    yield open_window
    for each in opened:
        assert each.complaints == []
        await each.context.close()


async def _refuse(route: WebSocketRoute) -> None:
    await route.close(code=1012)


def _note(window: Window, kind: str, text: str) -> None:
    lost = ("WebSocket connection to", "Failed to load resource", "ERR_CONNECTION")
    if kind == "error" and not any(each in text for each in lost):
        window.complaints.append(text)


async def sign_in(window: Window, cafe: RunningCafe) -> None:
    """As the barista does, with the password."""
    await window.go(f"{cafe.frontend}/kitchen")
    await window.page.get_by_label("Password").fill(PASSWORD)
    await window.page.get_by_role("button", name="Sign in").click()
    await window.page.wait_for_url(f"{cafe.frontend}/kitchen")
