"""Places an order and follows it on all three screens of a running café."""

import asyncio
import ssl
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from functools import partial

import httpx

from apps.kit.user_error import UserError
from tools.rush.cafe import Cafe
from tools.rush.screen import Screen, watching
from tools.rush.stream import Audience, Stream
from tools.rush.tally import Tally
from tools.rush.verdict import Answered, Log, logged, violations

PATIENCE_SECONDS = 30.0
STEPS = {"start": "preparing", "ready": "ready", "serve": "served"}


def cafe_at(frontend: str, orders: str, secret: str, certificate: ssl.SSLContext | None = None) -> Cafe:
    """The café at these addresses."""
    return Cafe(frontend, orders, secret, certificate or True, customer_headers={}, tally=Tally())


async def order_through_all_screens(cafe: Cafe) -> str:
    """Its order number. Raises UserError where a screen got other changes than the event log has."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS), cafe.http:
            return await _order(cafe)
    except TimeoutError:
        raise UserError(f"an order was not on all screens within {PATIENCE_SECONDS:g} s") from None


async def _order(cafe: Cafe) -> str:
    async with AsyncExitStack() as screens:

        async def screen(name: str, audience: Audience, number: str = "") -> Screen:
            opened = await screens.enter_async_context(watching(cafe, Stream(name, audience, number)))
            await opened.until(lambda stream: stream.begins_at >= 0)
            return opened

        kitchen, display = await screen("the kitchen", Audience.KITCHEN), await screen("the lobby", Audience.DISPLAY)
        before = kitchen.stream.position
        asked = {"customer_name": "Release", "items": [{"id": 1, "quantity": 1}]}
        placed = (await _answer(cafe.http.post(f"{cafe.frontend}/api/orders", json=asked))).json()
        number, pickup = placed["order_number"], placed["pickup_number"]
        customer = await screen("the customer", Audience.CUSTOMER, number)
        answered = [Answered("release", number, placed["version"], placed["status"])]
        for step, status in STEPS.items():
            address = f"{cafe.frontend}/api/kitchen/orders/{number}/{step}"
            moved = (await _answer(cafe.http.post(address, headers=cafe.staff))).json()
            answered.append(Answered(step, number, moved["version"], moved["status"]))
            for shown, name in ((kitchen, number), (customer, number), (display, pickup)):
                await shown.until(partial(_shows, name=name, status=status))
        read = await cafe.read_log(before)
    if read is None:
        raise UserError("the orders service did not give its log")
    streams = [kitchen.stream, display.stream, customer.stream]
    if found := violations(Log([logged(event) for event in read[1]], read[0]), answered, streams):
        raise UserError("\n".join(found))
    return str(number)


def _shows(stream: Stream, name: str, status: str) -> bool:
    return name in stream.orders and stream.orders[name].status == status


async def _answer(asking: Awaitable[httpx.Response]) -> httpx.Response:
    answer = await asking
    if answer.is_error:
        raise UserError(f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text}")
    return answer
