"""The orders service, put together."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

from apps.api.product import CAFE
from apps.kit.database import pool_metrics
from apps.kit.database.pool import Database, DatabaseNeverCame, open_database, open_replica
from apps.kit.process import tasks
from apps.kit.process.tasks import supervised
from apps.kit.settings.settings import Settings
from apps.kit.web.access import bearer
from apps.kit.web.app_factory import create_service
from apps.kit.web.proxies import behind
from apps.kit.web.service import Health, Service
from apps.orders import history_api, menu_api, orders_api, sessions_api
from apps.orders.cafe import Cafe
from apps.orders.limits import Limits
from apps.orders.read_router import ReadRouter
from apps.orders.retention import Keeper

SUMMARY = "Orders, the menu and their history. The only writer of the café's database."


def create_app(settings: Settings) -> Service:
    """The service; nothing is opened before it is served."""
    cafe = Cafe(settings.timezone)

    async def probe() -> Health:
        answers = cafe.opened is not None and await cafe.opened.answers()
        return Health(ready=answers, database="ok" if answers else "unreachable")

    app = create_service("orders", SUMMARY, settings, bearer(settings.secret), probe, product=CAFE)
    app.metrics.show(pool_metrics.group)
    app.metrics.show(tasks.group)
    app.metrics.look_up(pool_metrics.Pools(cafe.pools))
    limits = Limits(settings.secret, settings.rate_limits)
    orders_api.register(app, cafe, limits)
    menu_api.register(app, cafe)
    history_api.register(app, cafe)
    sessions_api.register(app, cafe, settings, limits)
    app.asgi_app = behind(app.asgi_app, settings.trusted_hops)  # type: ignore[assignment, method-assign]

    @app.while_serving
    async def lifespan() -> AsyncGenerator[None, None]:
        assert settings.database_url, "the settings were checked before"  # noqa: S101 - a fact for the type checker
        pooled = settings.database_pooler == "transaction"
        try:
            async with open_database(settings.database_url, pooled=pooled) as database, _replica(settings) as replica:
                reading = ReadRouter(database, replica)
                keeper = Keeper(database, settings.keep_names_days, settings.keep_orders_days)
                cafe.opened, cafe.reading_from = database, reading
                async with supervised(replica=reading.run, retention=keeper.run):
                    yield
                cafe.opened = cafe.reading_from = None
        except DatabaseNeverCame as error:
            app.why_it_cannot_start = str(error)
            app.logger.disabled = True  # one clear line follows in place of Quart's traceback
            raise

    return app


@asynccontextmanager
async def _replica(settings: Settings) -> AsyncIterator[Database | None]:
    if settings.read_database_url is None:
        yield None
        return
    async with open_replica(settings.read_database_url, pooled=settings.database_pooler == "transaction") as replica:
        yield replica
