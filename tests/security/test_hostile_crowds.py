"""Too many connections at once, live or not, from one address and in all: the others notice nothing of them."""

import asyncio
import contextlib
import json
import resource
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from tests.cafe import RunningCafe, eventually, run_cafe
from tests.security.harness import (
    GONE_WITHIN_SECONDS,
    MEGABYTE,
    MOST_COST,
    NORMAL_SECONDS,
    Harness,
    Knock,
    open_harness,
)
from tests.security.test_tls import Files, files

__all__ = ["files"]

CROWD = 3000
ASKS = b"GET /livez HTTP/1.1\r\nHost: cafe\r\n\r\n"
PARTS = {
    "nothing at all": b"",
    "a part of the headers": b"GET / HTTP/1.1\r\nHost: cafe\r\nX-Slow: ",
    "a part of a body": b"POST /api/orders HTTP/1.1\r\nHost: cafe\r\nContent-Length: 100\r\n\r\n{",
    "a request, and no other": ASKS,
}


async def test_one_more_than_there_are_seats_is_told_to_come_back_later(database_url: str) -> None:
    for setting in ("CAFE_SOCKETS", "CAFE_SOCKETS_PER_ADDRESS"):
        async with run_cafe(database_url, **{setting: "3"}) as cafe, contextlib.AsyncExitStack() as screens:
            for _ in range(3):
                await screens.enter_async_context(cafe.screen("/ws/display"))
            with pytest.raises(InvalidStatus) as refused:
                async with cafe.screen("/ws/display"):
                    pass
            response = refused.value.response
            assert (response.status_code, response.headers["Retry-After"]) == (503, "30")
            assert json.loads(response.body or b"")["code"] == "too_many_connections"
            events = await cafe.http.get(f"{cafe.frontend}/api/display/events")
            assert (events.status_code, events.headers["Retry-After"]) == (503, "30")
            assert (await cafe.http.get(f"{cafe.frontend}/api/display/orders")).status_code == 200
            await screens.aclose()
            await eventually(lambda cafe=cafe: _has_room(cafe))


async def test_events_take_seats_as_well(database_url: str) -> None:
    async with run_cafe(database_url, CAFE_SOCKETS="1") as cafe:
        async with cafe.http.stream("GET", f"{cafe.frontend}/api/display/events") as events:
            await anext(events.aiter_lines())
            assert not await _has_room(cafe)
        await eventually(lambda: _has_room(cafe))


async def test_who_is_refused_takes_no_seat(database_url: str) -> None:
    async with run_cafe(database_url, CAFE_SOCKETS="1") as cafe:
        for _ in range(3):
            with pytest.raises(InvalidStatus, match="401"):
                async with cafe.screen("/ws/kitchen"):
                    pass
        await eventually(lambda: _has_room(cafe))


async def _has_room(cafe: RunningCafe) -> bool:
    try:
        async with cafe.screen("/ws/display"):
            return True
    except InvalidStatus:
        return False


@pytest.fixture
def many_files() -> Iterator[None]:
    """This process may hold a crowd's end of its connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2 * CROWD:
        pytest.skip("this machine does not let one process have so many connections")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2 * CROWD), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextlib.asynccontextmanager
async def somebody_from(address: str) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.AsyncHTTPTransport(local_address=address, verify=False)
    async with httpx.AsyncClient(transport=transport, timeout=6 * NORMAL_SECONDS) as http:
        yield http


async def crowd(harness: Harness, says: bytes, many: int = CROWD) -> list[Knock]:
    """So many connections from one address; who is turned away at once is turned away."""
    came = []
    for _ in range(many):
        with contextlib.suppress(ConnectionError):
            came.append(await harness.knock(says, source="127.0.0.3"))
    return came


async def is_answered(harness: Harness, http: httpx.AsyncClient) -> float:
    """Asks over a connection of its own; the seconds that took."""
    began = time.monotonic()
    answer = await http.get(f"{harness.cafe.frontend}/api/menu", headers={"Connection": "close"})
    assert answer.status_code == 200
    return time.monotonic() - began


@pytest.mark.usefixtures("many_files")
@pytest.mark.parametrize("says", PARTS.values(), ids=PARTS)
async def test_a_crowd_that_only_keeps_us_waiting_stops_nobody(database_url: str, tmp_path: Path, says: bytes) -> None:
    """Neither another address nor the crowd's own: behind it there is a whole café."""
    async with open_harness(database_url, tmp_path) as harness, contextlib.AsyncExitStack() as guests:
        others = [await guests.enter_async_context(somebody_from(each)) for each in ("127.0.0.4", "127.0.0.3")]
        for http in others:
            await is_answered(harness, http)
        with harness.growth() as cost:
            coming = asyncio.create_task(crowd(harness, says))
            took = [await is_answered(harness, http) for _ in range(20) for http in others]
            await coming
            took += [await is_answered(harness, http) for http in others]
        print(f"cost {cost.bytes / MEGABYTE:.1f} MB; the slowest of the others' requests took {max(took):.2f} s")
        assert cost.bytes <= MOST_COST


@pytest.mark.usefixtures("many_files")
async def test_a_crowd_that_begins_no_handshake_stops_nobody(database_url: str, tmp_path: Path, files: Files) -> None:
    async with (
        open_harness(database_url, tmp_path, verify=files.trust, **files.variables) as harness,
        somebody_from("127.0.0.4") as other,
        somebody_from("127.0.0.3") as neighbour,
    ):
        for http in (other, neighbour):
            await is_answered(harness, http)
        with harness.growth() as cost:
            came = await crowd(harness, b"\x16\x03\x01")
            took = [await is_answered(harness, http) for http in (other, neighbour)]
        assert cost.bytes <= MOST_COST
        print(f"cost {cost.bytes / MEGABYTE:.1f} MB; the slowest of the others' requests took {max(took):.2f} s")
        await asyncio.gather(*(each.until_cut_off() for each in came))


@pytest.mark.usefixtures("many_files")
async def test_who_has_all_the_files_there_are_makes_room(database_url: str, tmp_path: Path) -> None:
    """So many that their number alone would stop the process from opening the connections that it needs itself."""
    async with (
        open_harness(database_url, tmp_path, files=256, CAFE_CONNECTIONS_PER_ADDRESS="3000") as harness,
        somebody_from("127.0.0.4") as other,
    ):
        await crowd(harness, PARTS["a part of the headers"], 400)
        await is_answered(harness, other)
        orders = await asyncio.gather(*(harness.cafe.order() for _ in range(40)))
        assert len({order["pickup_number"] for order in orders}) == 40, "each takes a connection to the orders service"


async def test_who_hangs_up_leaves_nothing_behind(database_url: str, tmp_path: Path) -> None:
    """Neither before a request nor between two: an idle connection's time is for those who are still there."""
    async with open_harness(database_url, tmp_path) as harness:
        before = _open_files(harness)
        for says in (b"", ASKS):
            came = await crowd(harness, says, 50)
            for each in came:
                if says:
                    await each.reader.readuntil(b"}")
                each.writer.close()
            await eventually(lambda: _has_no_more_files(harness, before), GONE_WITHIN_SECONDS / 2)


def _open_files(harness: Harness) -> int:
    return len(list(Path(f"/proc/{harness.pid}/fd").iterdir()))


async def _has_no_more_files(harness: Harness, before: int) -> bool:
    return _open_files(harness) <= before + 5


async def test_an_idle_connection_makes_room_and_a_fresh_one_is_served(database_url: str) -> None:
    async with run_cafe(database_url, CAFE_CONNECTIONS_PER_ADDRESS="3") as cafe, contextlib.AsyncExitStack() as doors:
        readers = []
        for _ in range(5):
            reader, writer = await _asked(cafe)
            doors.callback(writer.close)
            readers.append(reader)
        assert [await _is_open(reader) for reader in readers] == [False, False, True, True, True]


async def test_live_streams_leave_room_for_requests(database_url: str) -> None:
    async with run_cafe(database_url, CAFE_CONNECTIONS_PER_ADDRESS="2") as cafe, contextlib.AsyncExitStack() as screens:
        watching = [await screens.enter_async_context(cafe.screen("/ws/display")) for _ in range(5)]
        events = f"{cafe.frontend}/api/display/events"
        listening = [await screens.enter_async_context(cafe.http.stream("GET", events)) for _ in range(3)]
        for screen in watching:
            assert (await screen.next())["type"] == "snapshot"
        for each in listening:
            assert await anext(each.aiter_lines())
        number = (await cafe.order())["order_number"]
        assert (await cafe.step(number, "start")).status_code == 200
        for screen in watching:
            assert (await screen.change())["order"]["pickup_number"] == number[:3]


async def _asked(cafe: RunningCafe) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", cafe.settings.frontend_port)
    writer.write(ASKS)
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), NORMAL_SECONDS)
    assert head.startswith(b"HTTP/1.1 200")
    await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]))
    return reader, writer


async def _is_open(reader: asyncio.StreamReader) -> bool:
    try:
        await asyncio.wait_for(reader.read(1), 0.5)
    except TimeoutError:
        return True
    return False
