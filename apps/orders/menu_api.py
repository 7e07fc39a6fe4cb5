"""/menu: read by all, sold out by staff."""

import hashlib

from quart import Quart, Response, request

from apps.api import responses
from apps.api.parameters import IF_NONE_MATCH, ITEM, MOST_ID
from apps.api.requests import Availability
from apps.kit.errors import NotFound
from apps.kit.web.access import EVERYONE, STAFF_OR_SERVICE, allow
from apps.kit.web.bodies import read_body
from apps.kit.web.conditional import if_none_match_hits
from apps.kit.web.openapi import describe
from apps.kit.web.service import json_response
from apps.orders.cafe import Cafe
from apps.orders.menu import menu_document
from apps.orders.queries import queries


class ItemNotFound(NotFound):
    """There is no such item on the menu."""

    code = "item_not_found"


def register(app: Quart, cafe: Cafe) -> None:
    """Adds the routes to `app`."""

    @app.get("/menu")
    @allow(EVERYONE)
    @describe(
        "What the café sells.",
        tag="menu",
        returns=responses.Menu,
        problems=(400, 503),
        answers={304: "It is still as you have it."},
        parameters=(IF_NONE_MATCH,),
    )
    async def menu() -> Response:
        async with cafe.database.connection() as connection:
            body = await menu_document(connection)
        tag = hashlib.sha256(body).hexdigest()[:20]
        headers = {"ETag": f'"{tag}"', "Cache-Control": "no-cache"}
        if if_none_match_hits(request.headers.get("If-None-Match"), tag):
            return Response(b"", status=304, headers=headers)
        return json_response(body, headers=headers)

    @app.patch("/menu/<int:item>")
    @allow(STAFF_OR_SERVICE)
    @describe(
        "Mark an item sold out, or back.",
        tag="menu",
        body=Availability,
        returns=responses.MenuItem,
        problems=(404, 503),
        parameters=(ITEM,),
    )
    async def set_available(item: int) -> Response:
        body = await read_body(Availability)
        if item > MOST_ID:
            raise ItemNotFound
        async with cafe.database.connection() as connection:
            changed = await queries.set_available(connection, id=item, available=body.available)
        if changed is None:
            raise ItemNotFound
        return json_response(changed.encode())
