"""A connection that was kept open can be used again, whatever was answered before."""

import asyncio

import pytest

from tests.cafe import RunningCafe


async def _answer(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """The head and the body of one answer."""
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    return head, await reader.readexactly(length)


@pytest.mark.parametrize("path", [b"/nothing", b"/api/kitchen/orders/x/start"])
async def test_a_refusal_before_the_body_has_come_does_not_end_the_connection(cafe: RunningCafe, path: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", cafe.settings.frontend_port)
    for _ in range(3):
        writer.write(b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.02)  # so that the body comes in a packet of its own, after the refusal is decided
        writer.write(b"{}")
        head, _ = await _answer(reader)
        assert head.startswith((b"HTTP/1.1 404", b"HTTP/1.1 401"))
        assert b"connection: close" not in head.lower()
    writer.close()


async def test_a_body_that_never_comes_ends_it_and_says_so(cafe: RunningCafe) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", cafe.settings.frontend_port)
    writer.write(b"POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n")
    head, _ = await _answer(reader)
    assert b"connection: close" in head.lower()
    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()
