"""What the board in memory answers; none of it is asked of anybody else."""

from quart import Quart, Response, request

from apps.api import responses
from apps.api.parameters import IF_NONE_MATCH
from apps.frontend.streams.live import Live
from apps.frontend.streams.lookup import Lookup
from apps.frontend.streams.views import display_order
from apps.kit.web.access import EVERYONE, STAFF_OR_SERVICE, allow
from apps.kit.web.conditional import if_none_match_hits
from apps.kit.web.encoding import to_json
from apps.kit.web.openapi import describe
from apps.kit.web.service import json_response

UNCHANGED = {304: "It is still as you have it."}


def register(app: Quart, live: Live, lookup: Lookup) -> None:
    """Adds the routes to `app`."""

    def answer(body: bytes, tag: str) -> Response:
        headers = {"ETag": f'"{tag}"', "Cache-Control": "no-cache"}
        if live.stale_since is not None:
            headers["Cafe-Stale-Since"] = live.stale_since
        if if_none_match_hits(request.headers.get("If-None-Match"), tag):
            return Response(b"", status=304, headers=headers)
        return json_response(body, headers=headers)

    def position() -> str:
        return f"{live.board.epoch}.{live.board.seq}"

    @app.get("/api/menu")
    @allow(EVERYONE)
    @describe(
        "What the café sells.",
        tag="menu",
        returns=responses.Menu,
        answers=UNCHANGED,
        problems=(400, 503),
        parameters=(IF_NONE_MATCH,),
    )
    async def menu() -> Response:
        live.menu_message()
        assert live.menu is not None  # noqa: S101 - said by the line above
        return answer(live.menu.document, live.menu.tag.strip('"'))

    @app.get("/api/display/orders")
    @allow(EVERYONE)
    @describe(
        "The numbers in the lobby.",
        tag="display",
        returns=responses.DisplayBoard,
        answers=UNCHANGED,
        problems=(400, 503),
        parameters=(IF_NONE_MATCH,),
    )
    async def display_orders() -> Response:
        board = live.board
        head = to_json({"epoch": board.epoch, "seq": board.seq})
        orders = b",".join(display_order(entry) for entry in board.on_display())
        return answer(head[:-1] + b',"orders":[' + orders + b"]}", position())

    @app.get("/api/kitchen/orders")
    @allow(STAFF_OR_SERVICE)
    @describe(
        "The orders in work, oldest first.",
        tag="kitchen",
        returns=[responses.Order],
        answers=UNCHANGED,
        problems=(400, 503),
        parameters=(IF_NONE_MATCH,),
    )
    async def kitchen_orders() -> Response:
        return answer(b"[" + b",".join(entry.raw for entry in live.board.active()) + b"]", position())

    @app.get("/api/orders/<number>")
    @allow(EVERYONE)
    @describe(
        "One order, for whoever has its number.",
        tag="orders",
        returns=responses.Order,
        answers=UNCHANGED,
        problems=(400, 404, 503),
        parameters=(IF_NONE_MATCH,),
    )
    async def order(number: str) -> Response:
        entry = await lookup.order(number)
        return answer(entry.raw, f"v{entry.version}")
