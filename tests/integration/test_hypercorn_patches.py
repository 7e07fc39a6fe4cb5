"""The traps of the server below us stay closed; these fail when Hypercorn's insides change."""

import asyncio
import socket

import pytest
from websockets.asyncio.client import connect

from apps.kit.server import hypercorn_patches
from apps.live import websocket_sink
from tests.cafe import RunningCafe, eventually


async def raw(cafe: RunningCafe, request: bytes, seconds: float = 5) -> bytes:
    """Everything the frontend answers to these bytes until it closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", cafe.settings.frontend_port)
    writer.write(request)
    try:
        return await asyncio.wait_for(reader.read(), seconds)
    finally:
        writer.close()


async def test_compression_is_declined(cafe: RunningCafe) -> None:
    async with connect(cafe.frontend.replace("http", "ws") + "/ws/display", compression="deflate") as client:
        assert client.protocol.extensions == []


async def test_an_upgrade_to_clear_http_2_is_not_taken(cafe: RunningCafe) -> None:
    request = (
        b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\n"
        b"HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"
    )
    answer = await raw(cafe, request)
    assert answer.startswith(b"HTTP/1.1 200")
    assert not (await raw(cafe, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")).startswith(b"\x00\x00")


async def test_headers_that_do_not_come_end_the_connection(cafe: RunningCafe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hypercorn_patches, "HEADERS_SECONDS", 0.2)
    assert await raw(cafe, b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ") == b""


async def test_a_message_that_is_too_big_is_refused_with_1009(cafe: RunningCafe) -> None:
    async with cafe.screen("/ws/display") as display:
        await display.next()
        await display.socket.send("x" * 5000)
        await display.socket.wait_closed()
        assert display.socket.close_code == 1009


async def test_frames_go_straight_to_the_transport(cafe: RunningCafe, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[object] = []
    original = websocket_sink.transport_behind
    monkeypatch.setattr(websocket_sink, "transport_behind", lambda send: found.append(original(send)) or found[-1])
    async with cafe.screen("/ws/display") as display:
        await display.next()
    assert found[0] is not None, "Hypercorn keeps the transport elsewhere now: see apps/kit/wire.py"


async def test_without_that_way_the_fallback_says_the_same(cafe: RunningCafe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket_sink, "transport_behind", lambda _: None)
    number = (await cafe.order())["order_number"]
    async with cafe.screen("/ws/display") as display:
        assert (await display.next())["type"] == "snapshot"
        for step in ("start", "ready"):
            await cafe.step(number, step)
        assert [(await display.change())["order"]["status"] for _ in range(2)] == ["preparing", "ready"]


async def test_a_closed_websocket_leaves_nothing_behind(cafe: RunningCafe) -> None:
    async with cafe.screen("/ws/display") as display:
        await display.next()
    before = len(asyncio.all_tasks())
    for _ in range(20):
        async with cafe.screen("/ws/display") as display:
            await display.next()

    async def settled() -> bool:
        return len(asyncio.all_tasks()) <= before

    await eventually(settled)


async def test_a_peer_that_does_not_acknowledge_is_given_up_by_the_kernel(cafe: RunningCafe) -> None:
    if not hasattr(socket, "TCP_USER_TIMEOUT"):
        pytest.skip("only Linux can be told")
    async with cafe.screen("/ws/display") as display:
        await display.next()
        # what the listening socket was told is what the accepted ones have
        from apps.kit.server.server import UNACKNOWLEDGED_MILLISECONDS, listen  # noqa: PLC0415

        with listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
            accepted, _ = listener.accept()
            with accepted:
                told = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
                assert told == UNACKNOWLEDGED_MILLISECONDS
