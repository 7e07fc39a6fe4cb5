"""`cafe order "2 cappuccino oat" --name Ana`: places an order and follows it until it is ready."""

import argparse
import asyncio
import random
import uuid
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import httpx
import msgspec
import stamina

from apps.cli.load_environment import load_environment
from apps.cli.order_text import parse_order
from apps.cli.trust_own_certificate import own_certificate
from apps.kit.settings.settings import Settings
from apps.kit.user_error import UserError

ATTEMPTS = 5
# an event stream says something at least every 10 s
SILENCE_SECONDS = 25.0
RECONNECT_SECONDS = 1.0
ENDS = {"ready": 0, "served": 0, "cancelled": 1}


class Failed(Exception):
    """The outcome is not known; the same request may be sent again."""


def order(args: argparse.Namespace) -> int:
    return asyncio.run(_order(Settings.load(load_environment()), args.text, args.name))


async def _order(settings: Settings, text: str, name: str) -> int:
    address = settings.address_of("frontend")
    timeout = httpx.Timeout(30, connect=5)
    async with httpx.AsyncClient(
        base_url=address, verify=own_certificate(settings), trust_env=False, timeout=timeout
    ) as client:
        menu = await _call(client, "GET", "/api/menu")
        lines = parse_order(text, menu)
        cart = {"customer_name": name, "items": [line.json() for line in lines]}
        placed = await _call(client, "POST", "/api/orders", json=cart, headers={"Idempotency-Key": str(uuid.uuid4())})
        number, pickup = placed["order_number"], placed["pickup_number"]
        print(f"{pickup}  {'; '.join(line.text for line in lines)}  {placed['total_price']:.2f} {menu['currency']}")
        print(f"     {address}/orders/{number}", flush=True)
        async for changed in _versions(client, number):
            status = changed["status"]
            print(f"{datetime.now().astimezone():%H:%M:%S}  {status}", flush=True)
            if status in ENDS:
                print(f"Number {pickup} can be collected." if status == "ready" else f"Number {pickup} is {status}.")
                return ENDS[status]
    raise AssertionError("the stream goes on until the order ends")


async def _call(client: httpx.AsyncClient, method: str, path: str, **more: Any) -> dict[str, Any]:
    """The JSON of a successful answer. Raises UserError with the problem's sentence, or where nobody answers."""
    try:
        async for attempt in stamina.retry_context(on=(httpx.TransportError, Failed), attempts=ATTEMPTS, timeout=60):
            with attempt:
                answer = await client.request(method, path, **more)
                _check(answer)
    except httpx.TransportError:
        raise UserError(f"no café answers at {client.base_url}: start it with ./cafe up") from None
    except Failed as failure:
        raise UserError(str(failure)) from None
    body: dict[str, Any] = answer.json()
    return body


def _check(answer: httpx.Response) -> None:
    """Raises Failed where the same request may be sent again, UserError at any other refusal."""
    if answer.status_code >= 500:
        raise Failed(_sentence(answer))
    if answer.is_error:
        raise UserError(_sentence(answer))


def _sentence(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"the café answered with status {answer.status_code}"


async def _versions(client: httpx.AsyncClient, number: str) -> AsyncIterator[dict[str, Any]]:
    """Each new version of the order; reconnects and resumes where the stream ends."""
    version, last_id = 0, ""
    while True:
        try:
            async for event_id, message in _events(client, number, last_id):
                last_id = event_id
                for each in (*message.get("orders", ()), *((message["order"],) if "order" in message else ())):
                    if each["version"] > version:
                        version = each["version"]
                        yield each
                if message["type"] == "stale":
                    print("The café's screens are out of date just now; this goes on when they are not.", flush=True)
        except (httpx.TransportError, Failed):
            pass
        await asyncio.sleep(random.uniform(0.1, RECONNECT_SECONDS))  # noqa: S311 - jitter


async def _events(client: httpx.AsyncClient, number: str, last_id: str) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """The messages of the order's event stream with their ids, until it ends."""
    headers = {"Last-Event-ID": last_id} if last_id else {}
    timeout = httpx.Timeout(SILENCE_SECONDS, connect=5)
    async with client.stream("GET", f"/api/orders/{number}/events", headers=headers, timeout=timeout) as answer:
        if answer.is_error:
            await answer.aread()
        _check(answer)
        async for line in answer.aiter_lines():
            field, _, value = line.partition(": ")
            if field == "id":
                last_id = value
            elif field == "data":
                yield last_id, msgspec.json.decode(value)
