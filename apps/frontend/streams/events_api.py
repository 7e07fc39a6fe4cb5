"""The live streams as server-sent events, for curl and for where a websocket cannot live."""

from collections.abc import AsyncIterator

from quart import Quart, Response, request

from apps.frontend.streams.handshake import Handshake, position_in
from apps.frontend.streams.live import Live, OrderStream
from apps.frontend.streams.sockets import NOT_YOURS
from apps.kit.web.access import EVERYONE, STAFF_OR_SERVICE, allow, caller
from apps.kit.web.openapi import Parameter, describe
from apps.kit.web.tokens import Identity
from apps.live import metrics
from apps.live.event_source import EventSink
from apps.live.stream import Position

RESUME = (
    Parameter("Last-Event-ID", "header", {"type": "string"}, "the last id you got: everything since comes first"),
    Parameter("epoch", "query", {"type": "string"}),
    Parameter("seq", "query", {"type": "integer"}),
)


def _position() -> Position | None:
    epoch, _, seq = request.headers.get("Last-Event-ID", "").rpartition(":")
    return position_in(epoch, seq) or position_in(request.args.get("epoch", ""), request.args.get("seq", ""))


async def _events(
    handshake: Handshake, stream: OrderStream, position: Position | None, identity: Identity | None, address: str
) -> AsyncIterator[bytes]:
    live, sink = handshake.live, EventSink()
    gauge = metrics.sockets.labels(f"{stream.name}-events")
    gauge.inc()
    try:
        stream = live.join(stream, sink, position)
        sink.joined()
        with (
            handshake.stream_limit.taken(address),
            handshake.authenticator.sessions.watching(identity, lambda: sink.close(NOT_YOURS)),
        ):
            async for event in sink:
                yield event
    finally:
        live.leave(stream, sink)
        gauge.dec()


def _answer(handshake: Handshake, stream: OrderStream, identity: Identity | None = None) -> Response:
    address = request.remote_addr or ""
    handshake.stream_limit.check(address)
    response = Response(
        _events(handshake, stream, _position(), identity, address),
        content_type="text/event-stream; charset=utf-8",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
    response.timeout = None
    return response


def register(app: Quart, live: Live, handshake: Handshake) -> None:
    """Adds the routes to `app`."""

    @app.get("/api/kitchen/events")
    @allow(STAFF_OR_SERVICE)
    @describe("Every change, live.", tag="live", media="text/event-stream", problems=(503,), parameters=RESUME)
    async def kitchen_events() -> Response:
        handshake.must_be_live()
        return _answer(handshake, live.kitchen, caller())

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
        handshake.must_be_live()
        return _answer(handshake, live.display)

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
        stream = live.watch(await handshake.lookup.order(number))
        handshake.must_be_live()
        return _answer(handshake, stream)
