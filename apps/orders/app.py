"""The orders service, put together."""

from collections.abc import AsyncGenerator

from apps.kit.access import bearer
from apps.kit.database import DatabaseNeverCame, open_database
from apps.kit.proxies import behind
from apps.kit.service import Health, Service, create_service
from apps.kit.settings import Settings
from apps.orders import history_api, menu_api, orders_api, sessions_api
from apps.orders.cafe import Cafe
from apps.orders.limits import Limits

SUMMARY = "Orders, the menu and their history. The only writer of the café's database."


def create_app(settings: Settings) -> Service:
    """The service; nothing is opened before it is served."""
    cafe = Cafe(settings.timezone)

    async def probe() -> Health:
        answers = cafe.opened is not None and await cafe.opened.answers()
        return Health(ready=answers, database="ok" if answers else "unreachable")

    app = create_service("orders", SUMMARY, settings, bearer(settings.secret), probe)
    limits = Limits(settings.secret, settings.rate_limits)
    orders_api.register(app, cafe, limits)
    menu_api.register(app, cafe)
    history_api.register(app, cafe)
    sessions_api.register(app, cafe, settings, limits)
    app.asgi_app = behind(app.asgi_app, settings.trusted_hops)  # type: ignore[assignment, method-assign]

    @app.while_serving
    async def lifespan() -> AsyncGenerator[None, None]:
        assert settings.database_url, "the settings were checked before"  # noqa: S101 - a fact for the type checker
        try:
            async with open_database(settings.database_url) as database:
                cafe.opened = database
                yield
                cafe.opened = None
        except DatabaseNeverCame as error:
            app.why_it_cannot_start = str(error)
            app.logger.disabled = True  # one clear line follows in place of Quart's traceback
            raise

    return app
