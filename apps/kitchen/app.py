"""The kitchen service, put together."""

from collections.abc import AsyncGenerator

from apps.kit import metrics
from apps.kit.access import bearer
from apps.kit.http import open_client
from apps.kit.proxies import behind
from apps.kit.scaffold import create_service
from apps.kit.service import Health, Service
from apps.kit.settings import Settings
from apps.kitchen import api, orders_client
from apps.kitchen.kitchen import Kitchen
from apps.kitchen.orders_client import OrdersClient

SUMMARY = "The kitchen's work: what is to be made, and each step from ordered to served. Keeps no state of its own."


def create_app(settings: Settings) -> Service:
    """The service; nothing is opened before it is served."""
    kitchen = Kitchen()

    async def probe() -> Health:
        well = kitchen.opened is not None and await kitchen.opened.is_well()
        return Health(ready=well, database="ok" if well else "unreachable")

    app = create_service("kitchen", SUMMARY, settings, bearer(settings.secret), probe)
    app.figures.show(metrics.calls)
    app.figures.show(orders_client.figures)
    api.register(app, kitchen)
    app.asgi_app = behind(app.asgi_app, settings.trusted_hops)  # type: ignore[assignment, method-assign]

    @app.while_serving
    async def lifespan() -> AsyncGenerator[None, None]:
        async with open_client(settings.orders_url, "orders") as http:
            kitchen.opened = OrdersClient(http)
            yield
            kitchen.opened = None

    return app
