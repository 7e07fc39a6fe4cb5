"""The frontend service, put together."""

import contextlib
from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING

from apps.api.product import CAFE
from apps.frontend.auth import oidc_sign_in, sign_in
from apps.frontend.auth import sessions as sessions_module
from apps.frontend.auth.identity import Authenticator
from apps.frontend.auth.oidc import Issuer
from apps.frontend.auth.sessions import Sessions
from apps.frontend.metrics.collector import BoardCollector
from apps.frontend.streams import events_api, menu_reader, sockets
from apps.frontend.streams.handshake import Handshake
from apps.frontend.streams.live import Live
from apps.frontend.streams.lookup import Lookup
from apps.frontend.streams.menu_reader import MenuReader
from apps.frontend.streams.order_board import OrderBoard
from apps.frontend.streams.order_log import OrderLog
from apps.frontend.streams.stream_limit import StreamLimit
from apps.frontend.web import board_api, pages, proxy_api
from apps.frontend.web.proxy import Proxy
from apps.kit.database.listener import Listener
from apps.kit.process import tasks
from apps.kit.process.tasks import supervised
from apps.kit.settings.settings import Settings
from apps.kit.telemetry import metrics
from apps.kit.web.app_factory import create_service, release
from apps.kit.web.http_client import open_client
from apps.kit.web.proxies import behind
from apps.kit.web.service import Health, Ready, Service
from apps.live import metrics as live_metrics
from apps.live.feed import Feed
from apps.live.hub import RESTARTED

if TYPE_CHECKING:
    from apps.kit.telemetry.open_telemetry import Tracing

ORDERS_CHANNEL = "cafe_orders"
SUMMARY = "What browsers and phones talk to: pages, the public API, and the live streams."


def create_app(settings: Settings) -> Service:
    """The service; nothing is opened before it is served."""
    live = Live(release())
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
    app.metrics.show(tasks.group)
    app.metrics.show(live_metrics.live)
    collector = BoardCollector(live)
    app.metrics.look_up(collector)
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
            _following(live, sessions, collector, settings, app.tracing),
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


@contextlib.asynccontextmanager
async def _following(
    live: Live, sessions: Sessions, collector: BoardCollector, settings: Settings, tracing: "Tracing | None"
) -> AsyncGenerator[None, None]:
    """Everything that keeps the board, the menu and the sessions up to date, each a supervised task."""
    assert settings.listen_url, "the settings were checked before"  # noqa: S101 - a fact for the type checker
    feed = Feed(live, OrderLog(sessions.orders, settings.secret), OrderBoard)
    if tracing is not None:
        feed.span = tracing.fan_out
    menu = MenuReader(live, sessions.orders, settings.secret)

    def listening() -> None:
        sessions.doubt()
        menu.wake()
        feed.wake()

    heard: dict[str, Callable[[str], None]] = {
        ORDERS_CHANNEL: feed.hear,
        menu_reader.CHANNEL: lambda _: menu.wake(),
        sessions_module.CHANNEL: sessions.hear,
    }
    listener = Listener(settings.listen_url, heard, listening)
    collector.listener = listener
    async with supervised(
        listener=listener.run, feed=feed.run, heartbeat=live.run, menu=menu.run, sessions=sessions.run
    ):
        yield
