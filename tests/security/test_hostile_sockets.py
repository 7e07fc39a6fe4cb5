"""A hostile client costs the café at most 10 MB, is gone within 10 s, and the others notice nothing of it."""

import asyncio
import contextlib
import os
import socket
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from tests.cafe import bearer
from tests.security.harness import (
    GONE_WITHIN_SECONDS,
    Harness,
    Knock,
    costs_next_to_nothing,
    frame,
    handshake,
    open_harness,
)

FLOODS = {
    "small messages": frame(b"x") * 1000,
    "pings": frame(b"", 0x89) * 1000,
    "pongs": frame(b"", 0x8A) * 1000,
    "empty fragments": frame(b"", 0x00) * 1000,
    "fragments": frame(b"x" * 100, 0x00) * 100,
    "one message that never ends": b"x" * 60_000,
}
PATIENCE_SECONDS = 300  # until some MB have been written, on a machine with other things to do
PINGS_SECONDS = 25  # a ping, its answer that does not come, and once more where we were late ourselves
BEGINNINGS = {
    "empty fragments": frame(b"", 0x01),
    "fragments": frame(b"", 0x01),
    "one message that never ends": bytes((0x81, 0xFF)) + (1 << 40).to_bytes(8, "big") + bytes(4),
}


@pytest.fixture
async def harness(database_url: str, tmp_path: Path) -> AsyncIterator[Harness]:
    if not os.path.exists("/proc/self/clear_refs"):  # noqa: PTH110, ASYNC240 - one look, at a file of the kernel
        pytest.skip("only Linux can be asked for a process's peak")
    async with open_harness(database_url, tmp_path) as opened:
        yield opened


async def test_who_floods_a_socket_is_cut_off_and_costs_nothing(harness: Harness) -> None:
    async with costs_next_to_nothing(harness):
        for what, flood in FLOODS.items():
            hostile = await harness.open_socket()
            hostile.writer.write(BEGINNINGS.get(what, b""))
            assert await hostile.keep_sending(flood) <= GONE_WITHIN_SECONDS, what


async def test_who_ignores_that_a_message_was_too_big_is_cut_off(harness: Harness) -> None:
    async with costs_next_to_nothing(harness):
        hostile = await harness.open_socket()
        assert await hostile.keep_sending(frame(b"x" * 100_000)) <= GONE_WITHIN_SECONDS


def bomb(megabytes: int) -> bytes:
    """A compressed message (RFC 7692) that unpacks to a thousand times its size."""
    press = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = b"".join(press.compress(bytes(1 << 20)) for _ in range(megabytes)) + press.flush(zlib.Z_SYNC_FLUSH)
    return frame(packed.removesuffix(b"\x00\x00\xff\xff"), 0xC1)


async def test_a_compressed_message_is_not_unpacked(harness: Harness) -> None:
    sent = bomb(60)
    async with costs_next_to_nothing(harness):
        hostile = await harness.open_socket("/ws/display", "Sec-WebSocket-Extensions: permessage-deflate")
        assert await hostile.keep_sending(sent) <= GONE_WITHIN_SECONDS


async def test_who_talks_before_the_handshake_is_done_is_cut_off(harness: Harness) -> None:
    async with costs_next_to_nothing(harness):
        hostile = await harness.knock(handshake() + b"x" * 100_000)
        assert await hostile.keep_sending(b"x" * 60_000) <= GONE_WITHIN_SECONDS
        invalid = await harness.knock(handshake().replace(b"Version: 13", b"Version: 1"))
        assert await invalid.until_cut_off() <= GONE_WITHIN_SECONDS


async def test_a_socket_whose_flood_is_over_is_gone_for_good(harness: Harness) -> None:
    async with connect(harness.cafe.frontend.replace("http", "ws") + "/ws/display") as screen:
        for _ in range(100):
            await screen.send("hello")
        await asyncio.wait_for(screen.wait_closed(), GONE_WITHIN_SECONDS)
        assert screen.close_code == 1008


async def test_a_slow_reader_is_let_go_even_if_it_never_reads_the_last_word(harness: Harness) -> None:
    """It reads a little and says that it is there, so that neither the kernel nor a ping is what lets it go."""
    async with costs_next_to_nothing(harness):
        hostile = await harness.open_socket("/ws/menu", buffer=1 << 17)
        hostile.writer.transport.pause_reading()  # type: ignore[attr-defined]
        here = asyncio.create_task(_read_a_little(hostile))
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await _count(harness, "cafe_laggards_total"):
                await _push_the_menu(harness)
        here.cancel()
        assert await hostile.keep_sending(frame(b"x")) <= GONE_WITHIN_SECONDS
    assert await _count(harness, "cafe_laggards_total") == 1


async def _read_a_little(hostile: Knock) -> None:
    """Takes up to 128 KB off what is written for it, now and then, and answers pings before they come.

    Less than one segment (64 KB on the loopback) would be nothing to the kernel: it gives such a reader up by itself.
    """
    with socket.socket(fileno=os.dup(hostile.writer.get_extra_info("socket").fileno())) as kernel:
        while True:
            with contextlib.suppress(BlockingIOError):
                kernel.recv(1 << 17)
            kernel.send(frame(b"", 0x8A))
            await asyncio.sleep(5)


async def _push_the_menu(harness: Harness) -> None:
    """20 KB for everybody who watches the menu, of which nothing stays with us."""
    for available in (False, True):
        address = f"{harness.cafe.frontend}/api/menu/1"
        answer = await harness.cafe.http.patch(address, json={"available": available}, headers=bearer())
        assert answer.status_code == 200


async def _count(harness: Harness, line: str) -> int:
    text = (await harness.cafe.http.get(f"{harness.cafe.frontend}/metrics")).text
    return int(float(next(each.split()[-1] for each in text.splitlines() if each.startswith(line))))


async def test_who_never_reads_an_answer_is_cut_off(harness: Harness) -> None:
    request = b"GET /docs HTTP/1.1\r\nHost: cafe\r\n\r\n"
    async with costs_next_to_nothing(harness):
        hostile = await harness.knock(b"")
        hostile.writer.transport.pause_reading()  # type: ignore[attr-defined]
        assert await hostile.keep_sending(request * 10) <= GONE_WITHIN_SECONDS * 2


async def test_an_endless_body_is_cut_off(harness: Harness) -> None:
    async with costs_next_to_nothing(harness):
        for head in ("Content-Length: 99999999999", "Transfer-Encoding: chunked"):
            hostile = await harness.knock(f"POST /api/orders HTTP/1.1\r\nHost: cafe\r\n{head}\r\n\r\n".encode())
            assert await hostile.keep_sending(b"8000\r\n" + b"x" * 0x8000 + b"\r\n") <= GONE_WITHIN_SECONDS


async def test_endless_headers_are_cut_off(harness: Harness) -> None:
    async with costs_next_to_nothing(harness):
        for line in (b"X-More: " + b"x" * 1000 + b"\r\n", b"x" * 10_000):
            hostile = await harness.knock(b"GET / HTTP/1.1\r\nHost: cafe\r\n")
            assert await hostile.keep_sending(line) <= GONE_WITHIN_SECONDS


async def test_slow_headers_end_the_connection_also_on_its_second_request(harness: Harness) -> None:
    first = b"GET /livez HTTP/1.1\r\nHost: cafe\r\n\r\n"
    part = b"GET /livez HTTP/1.1\r\nHost: cafe\r\nX-Slow: "
    async with costs_next_to_nothing(harness):
        hostile = [await harness.knock(each) for each in (b"", part, first + part)]
        late = await harness.knock(first)
        assert (await late.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        late.writer.write(part)
        dripping = [asyncio.create_task(each.drip()) for each in (late, hostile[1])]
        took = await asyncio.gather(*(each.until_cut_off() for each in (*hostile, late)))
        for each in dripping:
            each.cancel()
        await asyncio.gather(*dripping, return_exceptions=True)
        assert max(took) <= GONE_WITHIN_SECONDS + 1


async def test_a_silent_peer_is_cut_off_when_a_ping_goes_unanswered(harness: Harness) -> None:
    """A machine that answers no ping is away, however well its kernel acknowledges what it is sent."""
    async with costs_next_to_nothing(harness):
        hostile = await harness.open_socket()
        print(f"cut off after {await hostile.until_cut_off(PINGS_SECONDS):.1f} s")
