"""The kitchen service, put together."""

from collections.abc import AsyncGenerator

from apps.api.product import CAFE
from apps.kit.settings.settings import Settings
from apps.kit.telemetry import metrics
from apps.kit.web.access import bearer
from apps.kit.web.app_factory import create_service
from apps.kit.web.http_client import open_client
from apps.kit.web.proxies import behind
from apps.kit.web.service import Health, Service
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

    app = create_service("kitchen", SUMMARY, settings, bearer(settings.secret), probe, product=CAFE)
    app.metrics.show(metrics.calls)
    app.metrics.show(orders_client.figures)
    api.register(app, kitchen)
    app.asgi_app = behind(app.asgi_app, settings.trusted_hops)  # type: ignore[assignment, method-assign]

    @app.while_serving
    async def lifespan() -> AsyncGenerator[None, None]:
        async with open_client(settings.orders_url, "orders") as http:
            kitchen.opened = OrdersClient(http)
            yield
            kitchen.opened = None

    return app
