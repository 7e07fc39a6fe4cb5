"""The frontend service, put together."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

from apps.api.product import CAFE
from apps.frontend.auth import oidc_sign_in, sign_in
from apps.frontend.auth.identity import Authenticator
from apps.frontend.auth.oidc import Issuer
from apps.frontend.auth.sessions import Sessions
from apps.frontend.metrics.collector import BoardCollector
from apps.frontend.streams import events_api, sockets
from apps.frontend.streams.handshake import Handshake
from apps.frontend.streams.live import RESTARTED, Live
from apps.frontend.streams.lookup import Lookup
from apps.frontend.streams.stream_limit import StreamLimit
from apps.frontend.web import board_api, pages, proxy_api
from apps.frontend.web.proxy import Proxy
from apps.kit.settings.settings import Settings
from apps.kit.telemetry import metrics
from apps.kit.web.app_factory import create_service
from apps.kit.web.http_client import open_client
from apps.kit.web.proxies import behind
from apps.kit.web.service import Health, Ready, Service
from apps.live import metrics as live_metrics
from apps.live.feed import Feed

if TYPE_CHECKING:
    from apps.kit.telemetry.open_telemetry import Tracing

SUMMARY = "What browsers and phones talk to: pages, the public API, and the live streams."


def create_app(settings: Settings) -> Service:
    """The service; nothing is opened before it is served."""
    live = Live()
    orders, kitchen = open_client(settings.orders_url, "orders"), open_client(settings.kitchen_url, "kitchen")
    sessions = Sessions(orders, settings.secret)
    authenticator = Authenticator(sessions, settings.secret, settings.cors_origins)
    lookup = Lookup(live, orders, settings.secret)
    handshake = Handshake(live, authenticator, lookup, StreamLimit(settings.sockets, settings.sockets_per_address))

    async def probe() -> Health:
        if live.loaded is None or live.menu is None:
            return Health(ready=False, database="unknown")
        return Health(ready=live.stale_since is None, database="ok" if live.stale_since is None else "unreachable")

    app = create_service("frontend", SUMMARY, settings, authenticator.of_request, probe, product=CAFE)
    app.readiness = lambda: Ready(live.loaded is not None and live.menu is not None, live.stale_since)
    app.metrics.show(metrics.calls)
    app.metrics.show(metrics.websockets)
    app.metrics.show(live_metrics.live)
    moment = BoardCollector(live)
    app.metrics.look_up(moment)
    board_api.register(app, live, lookup)
    proxy_api.register(app, Proxy(live, settings.secret), orders, kitchen)
    events_api.register(app, live, handshake)
    sign_in.register(app, authenticator)
    issuer = _issuer(settings)
    oidc_sign_in.register(app, authenticator, issuer)
    pages.register(app, lookup)
    app.asgi_app = behind(  # type: ignore[assignment, method-assign]
        sockets.in_front_of(app.asgi_app, handshake), settings.trusted_hops
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
async def _running(feed: Feed, moment: BoardCollector) -> AsyncGenerator[None, None]:
    moment.listener = feed.listener
    tasks = [asyncio.ensure_future(feed.run()), asyncio.ensure_future(feed.live.beat_for_ever())]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
