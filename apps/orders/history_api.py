"""The event log, the board and the day's figures, all built as JSON by the database."""

from quart import Quart, Response

from apps.api import responses
from apps.api.parameters import AFTER
from apps.kit.errors import ApiError
from apps.kit.web.access import STAFF_OR_SERVICE, allow
from apps.kit.web.openapi import Parameter, describe
from apps.kit.web.query import int_param
from apps.kit.web.service import json_response
from apps.orders.cafe import Cafe
from apps.orders.queries import queries

MOST_EVENTS = 1000
JUST_FINISHED_MINUTES = 15


class HistoryForgotten(ApiError):
    """Not all that came after this is kept any more. Begin with /board, or go on after `first_after`."""

    status, code = 410, "history_forgotten"


def register(app: Quart, cafe: Cafe) -> None:
    """Adds the routes to `app`."""

    @app.get("/orders/events")
    @allow(STAFF_OR_SERVICE)
    @describe(
        "Every change after a position, in commit order.",
        tag="history",
        returns=responses.Events,
        problems=(410, 422, 503),
        parameters=(
            AFTER,
            Parameter(
                "limit", "query", {"type": "integer", "minimum": 1, "maximum": MOST_EVENTS, "default": MOST_EVENTS}
            ),
        ),
    )
    async def events() -> Response:
        after = int_param("after", default=0)
        limit = int_param("limit", default=MOST_EVENTS, least=1, most=MOST_EVENTS)
        async with cafe.database.connection() as connection:
            page = await queries.events_after(connection, after=after, limit=limit)
        if after < page["first_after"]:
            raise HistoryForgotten(first_after=page["first_after"])
        return json_response(page["body"].encode())

    @app.get("/board")
    @allow(STAFF_OR_SERVICE)
    @describe(
        "Every order that is active or just finished, and the position this was read at.",
        tag="history",
        returns=responses.Board,
        problems=(503,),
    )
    async def board() -> Response:
        async with (
            cafe.database.connection() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            body = await queries.board(connection, finished_minutes=JUST_FINISHED_MINUTES)
        return json_response(body.encode())

    @app.get("/stats")
    @allow(STAFF_OR_SERVICE)
    @describe("The figures of today's café day.", tag="history", returns=responses.Statistics, problems=(503,))
    async def stats() -> Response:
        day_start, timezone = cafe.day_start(), str(cafe.timezone)
        body = await cafe.reading.read(
            lambda connection: queries.kitchen_statistics(connection, day_start=day_start, timezone=timezone)
        )
        return json_response(body.encode())
