"""The frontend's API beyond the board: orders placed and listed, steps taken, figures, the sold-out switch."""

from typing import Any
from urllib.parse import quote

import httpx
from quart import Quart, Response

from apps.api import responses
from apps.api.parameters import IDEMPOTENCY_KEY, IF_MATCH, ITEM, LISTING
from apps.api.requests import Availability, Cart
from apps.domain.lifecycle import Step
from apps.frontend.web.proxy import Proxy
from apps.kit.web.access import EVERYONE, STAFF_OR_SERVICE, allow
from apps.kit.web.openapi import describe

BEHIND = (500, 502, 503)


def register(app: Quart, proxy: Proxy, orders: httpx.AsyncClient, kitchen: httpx.AsyncClient) -> None:
    """Adds the routes to `app`."""

    @app.post("/api/orders")
    @allow(EVERYONE)
    @describe(
        "Place an order.",
        tag="orders",
        body=Cart,
        returns=responses.Order,
        status=201,
        identifies=("number", "order_number"),
        problems=(400, 409, 413, 422, 429, *BEHIND),
        parameters=(IDEMPOTENCY_KEY,),
    )
    async def place() -> Response:
        return await proxy.pass_on(orders, "/orders", writes_order=True)

    @app.get("/api/orders")
    @allow(STAFF_OR_SERVICE)
    @describe(
        "Orders, newest first.",
        tag="orders",
        returns=[responses.Order],
        problems=(422, *BEHIND),
        parameters=LISTING,
    )
    async def list_orders() -> Response:
        return await proxy.pass_on(orders, "/orders")

    @app.post("/api/orders/<number>/cancel")
    @allow(EVERYONE)
    @describe(
        "Cancel an order: customers while it is ordered, staff until it is ready.",
        tag="orders",
        returns=responses.Order,
        problems=(400, 404, 409, 412, *BEHIND),
        parameters=(IF_MATCH,),
    )
    async def cancel(number: str) -> Response:
        return await proxy.pass_on(orders, f"/orders/{quote(number, safe='')}/cancel", writes_order=True)

    @app.get("/api/kitchen/stats")
    @allow(STAFF_OR_SERVICE)
    @describe("The figures of today's café day.", tag="kitchen", returns=responses.Statistics, problems=BEHIND)
    async def kitchen_stats() -> Response:
        return await proxy.pass_on(kitchen, "/kitchen/stats")

    @app.patch("/api/menu/<int:item>")
    @allow(STAFF_OR_SERVICE)
    @describe(
        "Mark an item sold out, or back.",
        tag="menu",
        body=Availability,
        returns=responses.MenuItem,
        problems=(400, 404, 413, 422, *BEHIND),
        parameters=(ITEM,),
    )
    async def set_available(item: int) -> Response:
        return await proxy.pass_on(orders, f"/menu/{item}")

    for step in Step:
        app.post(f"/api/kitchen/orders/<number>/{step}")(_step_view(proxy, kitchen, step))


def _step_view(proxy: Proxy, kitchen: httpx.AsyncClient, step: Step) -> Any:
    @allow(STAFF_OR_SERVICE)
    @describe(
        f"The kitchen's step {step}.",
        tag="kitchen",
        returns=responses.Order,
        problems=(400, 404, 409, 412, *BEHIND),
        parameters=(IF_MATCH,),
    )
    async def take(number: str) -> Response:
        return await proxy.pass_on(kitchen, f"/kitchen/orders/{quote(number, safe='')}/{step}", writes_order=True)

    take.__name__ = f"{step}_order"
    return take
