"""The frontend service, put together."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator

import httpx

from apps.frontend import board_api, events_api, pages, proxy_api, sign_in, sockets
from apps.frontend.admission import Door
from apps.frontend.feed import Feed
from apps.frontend.identity import Visitors
from apps.frontend.live import RESTARTED, Live
from apps.frontend.lookup import Lookup
from apps.frontend.proxy import Proxy
from apps.kit.http import open_client
from apps.kit.service import Health, Service, create_service
from apps.kit.settings import Settings

SUMMARY = "What browsers and phones talk to: pages, the public API, and the live streams."


def create_app(settings: Settings) -> Service:
    """The service; nothing is opened before it is served."""
    live = Live()
    orders, kitchen = open_client(settings.orders_url), open_client(settings.kitchen_url)
    visitors = Visitors(orders, settings.secret, settings.cors_origins)
    lookup = Lookup(live, orders)
    door = Door(live, visitors, lookup)

    async def probe() -> Health:
        if live.loaded is None or live.menu is None:
            return Health(ready=False, database="unknown")
        return Health(ready=live.stale_since is None, database="ok" if live.stale_since is None else "unreachable")

    app = create_service("frontend", SUMMARY, settings, visitors.of_request, probe)
    board_api.register(app, live, lookup)
    proxy_api.register(app, Proxy(live, settings.secret), orders, kitchen)
    events_api.register(app, live, door)
    sign_in.register(app, visitors)
    pages.register(app, lookup)
    app.asgi_app = sockets.in_front_of(app.asgi_app, door)  # type: ignore[assignment, method-assign]

    async def close_streams() -> None:
        live.close(RESTARTED)

    app.drains.append(close_streams)

    @app.while_serving
    async def lifespan() -> AsyncGenerator[None, None]:
        async with orders, kitchen, _running(live, orders, settings):
            yield

    return app


@contextlib.asynccontextmanager
async def _running(live: Live, orders: httpx.AsyncClient, settings: Settings) -> AsyncGenerator[None, None]:
    assert settings.listen_url, "the settings were checked before"  # noqa: S101 - a fact for the type checker
    feed = Feed(live, orders, settings.listen_url, settings.secret)
    tasks = [asyncio.ensure_future(feed.run()), asyncio.ensure_future(live.beat_for_ever())]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
