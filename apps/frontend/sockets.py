"""The websocket endpoint, in front of Quart: admit, join, receive, leave. What is sent is decided elsewhere."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from apps.domain.errors import CafeError
from apps.frontend.admission import Admission, Door
from apps.frontend.live import Live
from apps.frontend.websocket_sink import WebsocketSink
from apps.kit import metrics
from apps.kit.encoding import to_json
from apps.kit.problems import PROBLEM, document

log = structlog.get_logger("cafe.sockets")

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]

NOT_YOURS = 1008
MOST_INBOUND = 20
INBOUND_SECONDS = 10.0


def in_front_of(inner: App, door: Door) -> App:
    """An ASGI app that answers websockets itself and leaves the rest to `inner`."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await _endpoint(door, scope, receive, send)
        else:
            await inner(scope, receive, send)

    return app


async def _endpoint(door: Door, scope: dict[str, Any], receive: Receive, send: Send) -> None:
    await receive()
    try:
        admission = await door.admit(scope)
    except CafeError as error:
        await _refuse(send, error, scope["path"])
        return
    except Exception:
        log.exception("unexpected error", path=scope["path"])
        await _refuse(send, CafeError(), scope["path"])
        return
    await send({"type": "websocket.accept"})
    await _attend(door.live, admission, receive, WebsocketSink(send))


async def _attend(live: Live, admission: Admission, receive: Receive, sink: WebsocketSink) -> None:
    stream = admission.stream
    gauge = metrics.sockets.labels(stream.name)
    gauge.inc()
    delivering = asyncio.ensure_future(sink.run())
    receiving = asyncio.ensure_future(_read_until_gone(receive, sink))
    try:
        stream = live.join(stream, sink, admission.position)
        await asyncio.wait((delivering, receiving), return_when=asyncio.FIRST_COMPLETED)
    finally:
        live.leave(stream, sink)
        gauge.dec()
        delivering.cancel()
        receiving.cancel()
        await asyncio.gather(delivering, receiving, return_exceptions=True)


async def _read_until_gone(receive: Receive, sink: WebsocketSink) -> None:
    """Nobody has to tell us anything: a few messages are passed over, many are not."""
    budget, since = MOST_INBOUND, time.monotonic()
    while (await receive())["type"] != "websocket.disconnect":
        if time.monotonic() - since > INBOUND_SECONDS:
            budget, since = MOST_INBOUND, time.monotonic()
        budget -= 1
        if budget < 0:
            sink.close(NOT_YOURS)


async def _refuse(send: Send, error: CafeError, path: str) -> None:
    headers = [(b"content-type", PROBLEM.encode()), (b"cache-control", b"no-store"), (b"connection", b"close")]
    headers += [(name.lower().encode(), value.encode()) for name, value in error.headers.items()]
    body = to_json(document(error, path))
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "websocket.http.response.start", "status": error.status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})
