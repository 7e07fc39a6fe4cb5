"""/orders: place, find, list, move and cancel."""

from quart import Quart, Response, request

from apps.api import responses
from apps.api.parameters import IDEMPOTENCY_KEY, IF_MATCH, IF_NONE_MATCH, LISTING, MOST_ID, MOST_LISTED
from apps.api.requests import Cart, Move
from apps.domain.lifecycle import Status
from apps.kit.errors import Invalid, PreconditionFailed
from apps.kit.web.access import EVERYONE, STAFF_OR_SERVICE, allow, caller
from apps.kit.web.bodies import read_body
from apps.kit.web.conditional import check_before_change, if_match_fails, if_none_match_hits
from apps.kit.web.openapi import describe
from apps.kit.web.query import int_param, list_param
from apps.kit.web.service import json_response
from apps.orders.cafe import Cafe
from apps.orders.limits import Limits
from apps.orders.moving import Found, find_order, move_order
from apps.orders.placing import place_order
from apps.orders.queries import queries


def _answer(found: Found, status: int = 200) -> Response:
    return json_response(found.body, status, {"ETag": f'"{found.tag}"', "Cache-Control": "no-cache"})


def _by_id() -> bool:
    return caller() is not None


def _actor() -> str:
    identity = caller()
    return identity.subject if identity else "customer"


def _unless_changed(found: Found) -> None:
    check_before_change(request.headers, found.tag)


def _idempotency_key() -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (1 <= len(key) <= 255 and key.isascii() and key.isprintable()):
        raise Invalid("An Idempotency-Key has 1 to 255 printable ASCII characters.", field="Idempotency-Key")
    return key


def register(app: Quart, cafe: Cafe, limits: Limits) -> None:
    """Adds the routes to `app`."""

    @app.post("/orders")
    @allow(EVERYONE)
    @describe(
        "Place an order.",
        tag="orders",
        body=Cart,
        returns=responses.Order,
        status=201,
        identifies=("number", "order_number"),
        problems=(409, 429, 503),
        parameters=(IDEMPOTENCY_KEY,),
    )
    async def place() -> Response:
        key = _idempotency_key()
        cart = await read_body(Cart)
        placed = await place_order(
            cafe.database, cart, day=cafe.today(), actor=_actor(), key=key, spend=limits.spend_order
        )
        headers = {"Location": f"/orders/{cafe.number_in(placed.body)}", "ETag": '"v1"'}
        if placed.replayed:
            headers["Idempotent-Replayed"] = "true"
        return json_response(placed.body, 201, headers)

    @app.get("/orders")
    @allow(STAFF_OR_SERVICE)
    @describe("Orders, newest first.", tag="orders", returns=[responses.Order], problems=(422, 503), parameters=LISTING)
    async def orders() -> Response:
        statuses = list_param("status", tuple(Status))
        limit = int_param("limit", default=100, least=1, most=MOST_LISTED)
        before = int_param("before", least=1, most=MOST_ID)
        page = await cafe.reading.read(
            lambda connection: queries.list_orders(connection, statuses=statuses, limit=limit, before=before)
        )
        headers = {}
        if page["more"]:
            filtered = f"&status={','.join(statuses)}" if statuses else ""
            headers["Link"] = f'</orders?limit={limit}&before={page["last_id"]}{filtered}>; rel="next"'
        return json_response(page["body"].encode(), headers=headers)

    @app.get("/orders/<number>")
    @allow(EVERYONE)
    @describe(
        "One order, for whoever has its number.",
        tag="orders",
        returns=responses.Order,
        problems=(400, 404, 412, 503),
        answers={304: "It is still as you have it."},
        parameters=(IF_NONE_MATCH,),
    )
    async def order(number: str) -> Response:
        async with cafe.database.connection() as connection:
            found = await find_order(connection, number, by_id=_by_id())
        if if_match_fails(request.headers.get("If-Match"), found.tag):
            raise PreconditionFailed(current=f'"{found.tag}"')
        if if_none_match_hits(request.headers.get("If-None-Match"), found.tag):
            return Response(b"", status=304, headers={"ETag": f'"{found.tag}"', "Cache-Control": "no-cache"})
        return _answer(found)

    @app.put("/orders/<number>")
    @allow(STAFF_OR_SERVICE)
    @describe(
        "Move an order on, or back one step.",
        tag="orders",
        body=Move,
        returns=responses.Order,
        problems=(404, 409, 412, 503),
        parameters=(IF_MATCH,),
    )
    async def move(number: str) -> Response:
        async with cafe.database.connection() as connection:
            _unless_changed(await find_order(connection, number, by_id=_by_id()))
        body = await read_body(Move)
        return _answer(
            await move_order(
                cafe.database, number, body.target, actor=_actor(), by_id=_by_id(), precondition=_unless_changed
            )
        )

    @app.post("/orders/<number>/cancel")
    @allow(EVERYONE)
    @describe(
        "Cancel an order: customers while it is ordered, staff until it is ready.",
        tag="orders",
        returns=responses.Order,
        problems=(400, 404, 409, 412, 503),
        parameters=(IF_MATCH,),
    )
    async def cancel(number: str) -> Response:
        only_from = None if caller() else (Status.ORDERED,)
        return _answer(
            await move_order(
                cafe.database,
                number,
                Status.CANCELLED,
                actor=_actor(),
                by_id=_by_id(),
                precondition=_unless_changed,
                only_from=only_from,
            )
        )
