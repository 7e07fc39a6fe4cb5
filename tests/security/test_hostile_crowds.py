"""Too many live connections at once, from one address and in all: refused before the handshake, and only then."""

import contextlib
import json

import pytest
from websockets.exceptions import InvalidStatus

from tests.cafe import RunningCafe, eventually, run_cafe


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
