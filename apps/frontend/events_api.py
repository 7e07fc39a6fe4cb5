"""The live streams as server-sent events, for curl and for where a websocket cannot live."""

from collections.abc import AsyncIterator

from quart import Quart, Response, request

from apps.frontend.admission import Door, position_in
from apps.frontend.event_source import EventSink
from apps.frontend.live import Live
from apps.frontend.sockets import NOT_YOURS
from apps.frontend.stream import Position, Stream
from apps.kit import metrics
from apps.kit.access import EVERYONE, STAFF_OR_SERVICE, allow, caller
from apps.kit.openapi import Parameter, describe
from apps.kit.tokens import Identity

RESUME = (
    Parameter("Last-Event-ID", "header", {"type": "string"}, "the last id you got: everything since comes first"),
    Parameter("epoch", "query", {"type": "string"}),
    Parameter("seq", "query", {"type": "integer"}),
)


def _position() -> Position | None:
    epoch, _, seq = request.headers.get("Last-Event-ID", "").rpartition(":")
    return position_in(epoch, seq) or position_in(request.args.get("epoch", ""), request.args.get("seq", ""))


async def _events(
    door: Door, stream: Stream, position: Position | None, identity: Identity | None, address: str
) -> AsyncIterator[bytes]:
    live, sink = door.live, EventSink()
    gauge = metrics.sockets.labels(f"{stream.name}-events")
    gauge.inc()
    try:
        stream = live.join(stream, sink, position)
        sink.joined()
        with door.seats.taken(address), door.visitors.sessions.watching(identity, lambda: sink.close(NOT_YOURS)):
            async for event in sink:
                yield event
    finally:
        live.leave(stream, sink)
        gauge.dec()


def _answer(door: Door, stream: Stream, identity: Identity | None = None) -> Response:
    address = request.remote_addr or ""
    door.seats.check(address)
    response = Response(
        _events(door, stream, _position(), identity, address),
        content_type="text/event-stream; charset=utf-8",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
    response.timeout = None
    return response


def register(app: Quart, live: Live, door: Door) -> None:
    """Adds the routes to `app`."""

    @app.get("/api/kitchen/events")
    @allow(STAFF_OR_SERVICE)
    @describe("Every change, live.", tag="live", media="text/event-stream", problems=(503,), parameters=RESUME)
    async def kitchen_events() -> Response:
        door.must_be_live()
        return _answer(door, live.kitchen, caller())

    @app.get("/api/display/events")
    @allow(EVERYONE)
    @describe(
        "Every change as the lobby sees it, live.",
        tag="live",
        media="text/event-stream",
        problems=(503,),
        parameters=RESUME,
    )
    async def display_events() -> Response:
        door.must_be_live()
        return _answer(door, live.display)

    @app.get("/api/orders/<number>/events")
    @allow(EVERYONE)
    @describe(
        "Every change of one order, live.",
        tag="live",
        media="text/event-stream",
        problems=(404, 503),
        parameters=RESUME,
    )
    async def order_events(number: str) -> Response:
        stream = live.watch_order(await door.lookup.order(number))
        door.must_be_live()
        return _answer(door, stream)
