"""/kitchen: the orders in work, the steps, and the day's figures."""

from collections.abc import Mapping
from typing import Any

import msgspec
from quart import Quart, Response, request

from apps.api import responses
from apps.api.parameters import IF_MATCH
from apps.domain.lifecycle import ACTIVE, Status, Step
from apps.kit.web.access import STAFF_OR_SERVICE, allow
from apps.kit.web.conditional import check_before_change
from apps.kit.web.encoding import to_json
from apps.kit.web.openapi import describe
from apps.kit.web.service import json_response
from apps.kitchen.kitchen import Kitchen
from apps.kitchen.workflow import Ticket, take_step

SUMMARIES = {
    Step.START: "Begin to make an order.",
    Step.READY: "An order is ready to be picked up.",
    Step.SERVE: "An order has been picked up.",
    Step.RECALL: "Take an order back one step.",
    Step.CANCEL: "Cancel an order that is not ready yet.",
}


class _Entry(msgspec.Struct):
    status: Status


class _Board(msgspec.Struct):
    orders: list[msgspec.Raw]


_board = msgspec.json.Decoder(_Board)
_entry = msgspec.json.Decoder(_Entry)


def _credentials() -> Mapping[str, str]:
    return {"Authorization": request.headers["Authorization"]}


def _unless_changed(ticket: Ticket) -> None:
    check_before_change(request.headers, ticket.tag)


def register(app: Quart, kitchen: Kitchen) -> None:
    """Adds the routes to `app`."""

    @app.get("/kitchen/orders")
    @allow(STAFF_OR_SERVICE)
    @describe("The orders in work, oldest first.", tag="kitchen", returns=[responses.Order], problems=(502, 503))
    async def kitchen_orders() -> Response:
        board = _board.decode(await kitchen.orders.read("/board", _credentials()))
        return json_response(to_json([raw for raw in board.orders if _entry.decode(raw).status in ACTIVE]))

    @app.get("/kitchen/stats")
    @allow(STAFF_OR_SERVICE)
    @describe("The figures of today's café day.", tag="kitchen", returns=responses.Statistics, problems=(502, 503))
    async def kitchen_stats() -> Response:
        return json_response(await kitchen.orders.read("/stats", _credentials()))

    for step in Step:
        app.post(f"/kitchen/orders/<number>/{step}")(_view(kitchen, step))


def _view(kitchen: Kitchen, step: Step) -> Any:
    @allow(STAFF_OR_SERVICE)
    @describe(
        SUMMARIES[step],
        tag="kitchen",
        returns=responses.Order,
        problems=(400, 404, 409, 412, 502, 503),
        parameters=(IF_MATCH,),
    )
    async def take(number: str) -> Response:
        body = await take_step(kitchen.orders, number, step, _credentials(), _unless_changed)
        return json_response(body, headers={"ETag": f'"v{msgspec.json.decode(body, type=Ticket).version}"'})

    take.__name__ = f"{step}_order"
    return take
