"""The frontend service, put together."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

from apps.frontend import board_api, events_api, oidc_sign_in, pages, proxy_api, sign_in, sockets
from apps.frontend.admission import Door
from apps.frontend.feed import Feed
from apps.frontend.figures import Moment
from apps.frontend.identity import Visitors
from apps.frontend.live import RESTARTED, Live
from apps.frontend.lookup import Lookup
from apps.frontend.oidc import Issuer
from apps.frontend.proxy import Proxy
from apps.frontend.seats import Seats
from apps.frontend.sessions import Sessions
from apps.kit import metrics
from apps.kit.http import open_client
from apps.kit.proxies import behind
from apps.kit.scaffold import create_service
from apps.kit.service import Health, Ready, Service
from apps.kit.settings import Settings

if TYPE_CHECKING:
    from apps.kit.open_telemetry import Tracing

SUMMARY = "What browsers and phones talk to: pages, the public API, and the live streams."


def create_app(settings: Settings) -> Service:
    """The service; nothing is opened before it is served."""
    live = Live()
    orders, kitchen = open_client(settings.orders_url, "orders"), open_client(settings.kitchen_url, "kitchen")
    sessions = Sessions(orders, settings.secret)
    visitors = Visitors(sessions, settings.secret, settings.cors_origins)
    lookup = Lookup(live, orders, settings.secret)
    door = Door(live, visitors, lookup, Seats(settings.sockets, settings.sockets_per_address))

    async def probe() -> Health:
        if live.loaded is None or live.menu is None:
            return Health(ready=False, database="unknown")
        return Health(ready=live.stale_since is None, database="ok" if live.stale_since is None else "unreachable")

    app = create_service("frontend", SUMMARY, settings, visitors.of_request, probe)
    app.readiness = lambda: Ready(live.loaded is not None and live.menu is not None, live.stale_since)
    app.figures.show(metrics.calls)
    app.figures.show(metrics.live)
    moment = Moment(live)
    app.figures.look_up(moment)
    board_api.register(app, live, lookup)
    proxy_api.register(app, Proxy(live, settings.secret), orders, kitchen)
    events_api.register(app, live, door)
    sign_in.register(app, visitors)
    issuer = _issuer(settings)
    oidc_sign_in.register(app, visitors, issuer)
    pages.register(app, lookup)
    app.asgi_app = behind(  # type: ignore[assignment, method-assign]
        sockets.in_front_of(app.asgi_app, door), settings.trusted_hops
    )

    async def close_streams() -> None:
        live.close(RESTARTED)

    app.drains.append(close_streams)

    @app.while_serving
    async def lifespan() -> AsyncGenerator[None, None]:
        async with (
            orders,
            kitchen,
            issuer.http if issuer else contextlib.nullcontext(),
            _running(_feed(live, sessions, settings, app.tracing), moment),
        ):
            yield

    return app


def _issuer(settings: Settings) -> Issuer | None:
    if not settings.oidc_issuer:
        return None
    return Issuer(
        open_client(settings.oidc_issuer),
        settings.oidc_issuer,
        settings.oidc_client_id,
        settings.oidc_client_secret,
        settings.oidc_allowed,
    )


def _feed(live: Live, sessions: Sessions, settings: Settings, tracing: "Tracing | None") -> Feed:
    assert settings.listen_url, "the settings were checked before"  # noqa: S101 - a fact for the type checker
    return Feed(live, sessions.orders, settings.listen_url, settings.secret, sessions, tracing)


@contextlib.asynccontextmanager
async def _running(feed: Feed, moment: Moment) -> AsyncGenerator[None, None]:
    moment.listener = feed.listener
    tasks = [asyncio.ensure_future(feed.run()), asyncio.ensure_future(feed.live.beat_for_ever())]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
