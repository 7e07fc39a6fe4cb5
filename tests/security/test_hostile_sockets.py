"""A hostile client costs the café at most 10 MB, is gone within 10 s, and the others notice nothing of it."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from tests.cafe import Screen, bearer
from tests.security.house import (
    GONE_WITHIN_SECONDS,
    MEGABYTE,
    MOST_COST,
    House,
    costs_next_to_nothing,
    frame,
    handshake,
    open_house,
)

FLOODS = {
    "small messages": frame(b"x") * 1000,
    "pings": frame(b"", 0x89) * 1000,
    "pongs": frame(b"", 0x8A) * 1000,
    "empty fragments": frame(b"", 0x00) * 1000,
    "fragments": frame(b"x" * 100, 0x00) * 100,
    "one message that never ends": b"x" * 60_000,
}
BEGINNINGS = {
    "empty fragments": frame(b"", 0x01),
    "fragments": frame(b"", 0x01),
    "one message that never ends": bytes((0x81, 0xFF)) + (1 << 40).to_bytes(8, "big") + bytes(4),
}


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    if not os.path.exists("/proc/self/clear_refs"):  # noqa: PTH110, ASYNC240 - one look, at a file of the kernel
        pytest.skip("only Linux can be asked for a process's peak")
    async with open_house(database_url, tmp_path) as opened:
        yield opened


async def test_who_floods_a_socket_is_cut_off_and_costs_nothing(house: House) -> None:
    async with costs_next_to_nothing(house):
        for what, flood in FLOODS.items():
            hostile = await house.open_socket()
            hostile.writer.write(BEGINNINGS.get(what, b""))
            assert await hostile.keep_sending(flood) <= GONE_WITHIN_SECONDS, what


async def test_who_ignores_that_a_message_was_too_big_is_cut_off(house: House) -> None:
    async with costs_next_to_nothing(house):
        hostile = await house.open_socket()
        assert await hostile.keep_sending(frame(b"x" * 100_000)) <= GONE_WITHIN_SECONDS


async def test_a_compressed_message_is_not_unpacked(house: House) -> None:
    async with costs_next_to_nothing(house):
        hostile = await house.open_socket("/ws/display", "Sec-WebSocket-Extensions: permessage-deflate")
        assert await hostile.keep_sending(frame(b"\xff" * 4000, 0xC1)) <= GONE_WITHIN_SECONDS


async def test_who_talks_before_the_handshake_is_done_is_cut_off(house: House) -> None:
    async with costs_next_to_nothing(house):
        hostile = await house.knock(handshake() + b"x" * 100_000)
        assert await hostile.keep_sending(b"x" * 60_000) <= GONE_WITHIN_SECONDS
        invalid = await house.knock(handshake().replace(b"Version: 13", b"Version: 1"))
        assert await invalid.until_cut_off() <= GONE_WITHIN_SECONDS


async def test_a_socket_whose_flood_is_over_is_gone_for_good(house: House) -> None:
    async with connect(house.cafe.frontend.replace("http", "ws") + "/ws/display") as screen:
        for _ in range(100):
            await screen.send("hello")
        await asyncio.wait_for(screen.wait_closed(), GONE_WITHIN_SECONDS)
        assert screen.close_code == 1008


async def test_a_slow_reader_is_let_go_even_if_it_never_reads_the_last_word(house: House) -> None:
    """More is written for it than the kernel takes; it reads none of that, and does not go by itself."""
    async with house.cafe.screen("/ws/kitchen", staff=True) as honest:
        reading = asyncio.create_task(_read_all(honest))
        hostile = await house.open_socket("/ws/kitchen", f"Authorization: {bearer()['Authorization']}", buffer=4096)
        hostile.writer.transport.pause_reading()  # type: ignore[attr-defined]
        batches = 0
        with house.growth() as with_it:
            async with asyncio.timeout(60):
                while await _count(house, 'cafe_live_connections{stream="kitchen"}') > 1:
                    await _place_large_orders(house)
                    batches += 1
        with house.growth() as without:
            for _ in range(batches):
                await _place_large_orders(house)
        reading.cancel()
    print(f"cost {with_it.bytes / MEGABYTE:.1f} MB, without {without.bytes / MEGABYTE:.1f} MB in {batches} batches")
    assert with_it.bytes - without.bytes <= MOST_COST
    assert await _count(house, "cafe_laggards_total") == 1
    assert await hostile.keep_sending(frame(b"x")) <= GONE_WITHIN_SECONDS


async def _read_all(screen: Screen) -> None:
    async for _ in screen.socket:
        pass


async def _place_large_orders(house: House) -> None:
    lines = [{"id": 2, "quantity": 1, "notes": "x" * 200} for _ in range(50)]
    body = {"customer_name": "Ana", "items": lines}
    for _ in range(20):
        assert (await house.cafe.http.post(f"{house.cafe.frontend}/api/orders", json=body)).status_code == 201


async def _count(house: House, line: str) -> int:
    text = (await house.cafe.http.get(f"{house.cafe.frontend}/metrics")).text
    return int(float(next(each.split()[-1] for each in text.splitlines() if each.startswith(line))))


async def test_who_never_reads_an_answer_is_cut_off(house: House) -> None:
    request = b"GET /docs HTTP/1.1\r\nHost: cafe\r\n\r\n"
    async with costs_next_to_nothing(house):
        hostile = await house.knock(b"")
        hostile.writer.transport.pause_reading()  # type: ignore[attr-defined]
        assert await hostile.keep_sending(request * 10) <= GONE_WITHIN_SECONDS * 2


async def test_an_endless_body_is_cut_off(house: House) -> None:
    async with costs_next_to_nothing(house):
        for head in ("Content-Length: 99999999999", "Transfer-Encoding: chunked"):
            hostile = await house.knock(f"POST /api/orders HTTP/1.1\r\nHost: cafe\r\n{head}\r\n\r\n".encode())
            assert await hostile.keep_sending(b"8000\r\n" + b"x" * 0x8000 + b"\r\n") <= GONE_WITHIN_SECONDS


async def test_endless_headers_are_cut_off(house: House) -> None:
    async with costs_next_to_nothing(house):
        for line in (b"X-More: " + b"x" * 1000 + b"\r\n", b"x" * 10_000):
            hostile = await house.knock(b"GET / HTTP/1.1\r\nHost: cafe\r\n")
            assert await hostile.keep_sending(line) <= GONE_WITHIN_SECONDS


async def test_slow_headers_end_the_connection_also_on_its_second_request(house: House) -> None:
    first = b"GET /livez HTTP/1.1\r\nHost: cafe\r\n\r\n"
    part = b"GET /livez HTTP/1.1\r\nHost: cafe\r\nX-Slow: "
    async with costs_next_to_nothing(house):
        hostile = [await house.knock(each) for each in (b"", part, first + part)]
        late = await house.knock(first)
        assert (await late.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        late.writer.write(part)
        dripping = [asyncio.create_task(each.drip()) for each in (late, hostile[1])]
        took = await asyncio.gather(*(each.until_cut_off() for each in (*hostile, late)))
        for each in dripping:
            each.cancel()
        await asyncio.gather(*dripping, return_exceptions=True)
        assert max(took) <= GONE_WITHIN_SECONDS + 1


async def test_a_silent_peer_is_cut_off_after_two_pings(house: House) -> None:
    """A machine that answers no ping is away, however well its kernel acknowledges what it is sent."""
    hostile = await house.open_socket()
    assert 20 <= await hostile.until_cut_off(60) <= 45
