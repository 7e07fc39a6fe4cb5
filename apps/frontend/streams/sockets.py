"""The websocket endpoint, in front of Quart: admit, join, receive, leave. What is sent is decided elsewhere."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from apps.frontend.streams.handshake import Admission, Handshake
from apps.frontend.streams.live import Live
from apps.kit.errors import ApiError
from apps.kit.process import tasks
from apps.kit.web.encoding import to_json
from apps.kit.web.problems import PROBLEM, document
from apps.live import metrics
from apps.live.websocket_sink import WebsocketSink

log = structlog.get_logger("cafe.sockets")

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]

NOT_YOURS = 1008


def in_front_of(inner: App, handshake: Handshake) -> App:
    """An ASGI app that answers websockets itself and leaves the rest to `inner`."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await _endpoint(handshake, scope, receive, send)
        else:
            await inner(scope, receive, send)

    return app


async def _endpoint(handshake: Handshake, scope: dict[str, Any], receive: Receive, send: Send) -> None:
    await receive()
    with contextlib.ExitStack() as seat:
        try:
            seat.enter_context(handshake.stream_limit.taken(_address(scope)))
            admission = await handshake.admit(scope)
        except ApiError as error:
            await _refuse(send, error, scope["path"])
        except Exception:
            log.exception("unexpected error", path=scope["path"])
            await _refuse(send, ApiError(), scope["path"])
        else:
            await _welcome(handshake, admission, receive, send)


def _address(scope: dict[str, Any]) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


async def _welcome(handshake: Handshake, admission: Admission, receive: Receive, send: Send) -> None:
    await send({"type": "websocket.accept"})
    sink = WebsocketSink(send)
    with handshake.authenticator.sessions.watching(admission.identity, lambda: sink.close(NOT_YOURS)):
        await _attend(handshake.live, admission, receive, sink)


async def _attend(live: Live, admission: Admission, receive: Receive, sink: WebsocketSink) -> None:
    stream = admission.stream
    gauge = metrics.sockets.labels(stream.name)
    gauge.inc()
    delivering = tasks.start("websocket-send", sink.run())
    receiving = tasks.start("websocket-receive", _read_until_gone(receive))
    try:
        stream = live.join(stream, sink, admission.position)
        sink.joined()
        await asyncio.wait((delivering, receiving), return_when=asyncio.FIRST_COMPLETED)
    finally:
        live.leave(stream, sink)
        gauge.dec()
        delivering.cancel()
        receiving.cancel()
        await asyncio.gather(delivering, receiving, return_exceptions=True)


async def _read_until_gone(receive: Receive) -> None:
    """Nobody has to tell us anything; who says much is cut off below us (apps/kit/inbound.py)."""
    while (await receive())["type"] != "websocket.disconnect":
        pass


async def _refuse(send: Send, error: ApiError, path: str) -> None:
    headers = [(b"content-type", PROBLEM.encode()), (b"cache-control", b"no-store"), (b"connection", b"close")]
    headers += [(name.lower().encode(), value.encode()) for name, value in error.headers.items()]
    body = to_json(document(error, path))
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "websocket.http.response.start", "status": error.status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})
