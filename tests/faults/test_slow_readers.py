"""Who reads too slowly is let go, misses nothing when they come back, and never delays another."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.cafe import RunningCafe, bearer, eventually
from tests.faults.conftest import Measured

CHANGES = 1500
BODY = "x" * 6000
SMALLEST_BUFFER = 4096


@asynccontextmanager
async def _small_ear(cafe: RunningCafe, position: str = "") -> AsyncIterator[ClientConnection]:
    """A kitchen screen whose machine keeps hardly anything that was not read yet."""
    address = urlsplit(cafe.frontend)
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALLEST_BUFFER)
    plain.settimeout(0)
    await asyncio.get_running_loop().sock_connect(plain, (address.hostname, address.port))
    url = f"ws://{address.netloc}/ws/kitchen{position}"
    async with connect(
        url, sock=plain, additional_headers=bearer(), max_queue=1, ping_interval=None, close_timeout=1, proxy=None
    ) as ear:
        yield ear


async def _flood(cafe: RunningCafe, number: str, changes: int = CHANGES) -> None:
    async with cafe.sql() as sql:
        for change in range(changes):
            items = json.dumps([{"id": 1, "notes": f"{change} {BODY}"}])
            await sql.execute("UPDATE orders SET items = $1::jsonb WHERE order_number = $2", items, number)


async def _connections(cafe: RunningCafe, stream: str) -> float:
    text = (await cafe.http.get(f"{cafe.frontend}/metrics")).text
    line = next(line for line in text.splitlines() if line.startswith(f'cafe_live_connections{{stream="{stream}"}}'))
    return float(line.rpartition(" ")[2])


async def _listen_to_all(cafe: RunningCafe, last: int) -> list[float]:
    """How long after its commit each change came; every one of them must."""
    lags = []
    async with cafe.screen("/ws/kitchen", staff=True) as kitchen:
        seq = (await kitchen.next())["seq"]
        while seq < last:
            message = await kitchen.next()
            if message["type"] == "change":
                assert message["seq"] == seq + 1
                seq = message["seq"]
                lags.append(time.time() - datetime.fromisoformat(message["committed_at"]).timestamp())
    return lags


async def test_one_who_stops_reading_is_let_go_with_1013_delays_nobody_and_misses_nothing(
    cafe: RunningCafe, measured: Measured
) -> None:
    number = (await cafe.order())["order_number"]
    async with _small_ear(cafe) as slow:
        before = json.loads(await slow.recv())
        fast = asyncio.ensure_future(_listen_to_all(cafe, 1 + CHANGES))
        await eventually(lambda: _is_watched_by(cafe, 2))
        await _flood(cafe, number)
        lags = sorted(await fast)
        code, seq = await _read_to_the_end(slow, before["seq"])
        assert code in (1013, 1006)
        assert seq < 1 + CHANGES
    await eventually(lambda: _is_watched_by(cafe, 0))
    async with _small_ear(cafe, f"?epoch={before['epoch']}&seq={seq}") as again:
        resumed = json.loads(await again.recv())
        assert (resumed["type"], resumed["seq"], resumed["missed"]) == ("resumed", seq, 1 + CHANGES - seq)
        for expected in range(seq + 1, CHANGES + 2):
            assert json.loads(await again.recv())["seq"] == expected, "a long resumption must not count as slowness"
    measured(
        f"a change to others while one does not read ({CHANGES} of 6 KB at once)",
        f"p50 {lags[len(lags) // 2] * 1000:.1f} ms, p99 {lags[int(len(lags) * 0.99)] * 1000:.0f} ms",
    )
    assert lags[int(len(lags) * 0.99)] < 2


async def _is_watched_by(cafe: RunningCafe, screens: int) -> bool:
    return await _connections(cafe, "kitchen") == screens


async def _read_to_the_end(slow: ClientConnection, seq: int) -> tuple[int, int]:
    """Everything that is still on the way, gapless; the close code and the last seq."""
    try:
        while True:
            message: dict[str, Any] = json.loads(await asyncio.wait_for(slow.recv(), 10))
            if message["type"] == "change":
                assert message["seq"] == seq + 1
                seq = message["seq"]
    except ConnectionClosed as closed:
        return (closed.rcvd.code if closed.rcvd else 1006), seq


async def test_one_who_reads_on_in_time_is_told_1013(cafe: RunningCafe) -> None:
    number = (await cafe.order())["order_number"]
    async with _small_ear(cafe) as slow:
        seq = json.loads(await slow.recv())["seq"]
        before = await _laggards(cafe)
        flood = asyncio.ensure_future(_flood(cafe, number))
        try:
            await eventually(lambda: _more_than(cafe, before), 60)
            code, _ = await _read_to_the_end(slow, seq)
        finally:
            flood.cancel()
            await asyncio.gather(flood, return_exceptions=True)
        assert code == 1013


async def _laggards(cafe: RunningCafe) -> float:
    text = (await cafe.http.get(f"{cafe.frontend}/metrics")).text
    return float(next(line for line in text.splitlines() if line.startswith("cafe_laggards_total")).split()[1])


async def _more_than(cafe: RunningCafe, laggards: float) -> bool:
    return await _laggards(cafe) > laggards


async def test_events_that_nobody_reads_are_let_go_as_well(cafe: RunningCafe) -> None:
    number = (await cafe.order())["order_number"]
    async with cafe.http.stream("GET", f"{cafe.frontend}/api/kitchen/events", headers=bearer()) as events:
        lines = events.aiter_lines()
        position = (await anext(lines)).removeprefix("id: ")
        before = await _laggards(cafe)
        while not await _more_than(cafe, before):
            await _flood(cafe, number, 250)
        seen = [line.removeprefix("id: ") async for line in lines if line.startswith("id: ")]
    seqs = [int(each.rpartition(":")[2]) for each in seen]
    assert seqs == list(range(int(position.rpartition(":")[2]) + 1, seqs[-1] + 1))


async def test_events_are_resumed_whole_however_many_were_missed(cafe: RunningCafe) -> None:
    number = (await cafe.order())["order_number"]
    headers = {**bearer(), "Last-Event-ID": f"{await _epoch(cafe)}:1"}
    changes = CHANGES
    await _flood(cafe, number, changes)
    await eventually(lambda: _knows(cafe, 1 + changes))
    async with cafe.http.stream("GET", f"{cafe.frontend}/api/kitchen/events", headers=headers) as events:
        found: list[int] = []
        async for line in events.aiter_lines():
            if line.startswith("data: "):
                message = json.loads(line.removeprefix("data: "))
                if message["type"] == "resumed":
                    assert message["missed"] == changes
                else:
                    found.append(message["seq"])
                if len(found) == changes:
                    break
    assert found == list(range(2, 2 + changes))


async def _epoch(cafe: RunningCafe) -> str:
    epoch: str = (await cafe.http.get(f"{cafe.frontend}/api/display/orders")).json()["epoch"]
    return epoch


async def _knows(cafe: RunningCafe, seq: int) -> bool:
    return bool((await cafe.http.get(f"{cafe.frontend}/api/display/orders")).json()["seq"] >= seq)
