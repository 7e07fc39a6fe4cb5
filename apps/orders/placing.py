"""Placing an order: priced by the menu, numbered by the day, once for each Idempotency-Key."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date

from apps.api.errors import KeyReused
from apps.api.requests import Cart
from apps.domain.menu import PricedLine, price_cart
from apps.domain.numbers import order_number
from apps.kit.database.pool import Connection, Database
from apps.kit.errors import Conflict
from apps.kit.telemetry.tracing import traceparent
from apps.kit.web.encoding import to_json
from apps.orders.menu import read_menu
from apps.orders.queries import queries

KEY_WAIT_SECONDS = 5


class IdempotencyInProgress(Conflict):
    """A request with this Idempotency-Key is still being worked on; please ask again in a moment."""

    code = "idempotency_in_progress"


@dataclass(frozen=True)
class Placed:
    """The order as JSON; `replayed` when it is the first answer given again."""

    body: bytes
    replayed: bool


def _stored(line: PricedLine) -> dict[str, object]:
    options = [
        {
            "option": option.id,
            "choice": choice.id,
            "name": option.name,
            "choice_name": choice.name,
            "price": choice.price,
        }
        for option, choice in line.chosen
    ]
    return {
        "id": line.item.id,
        "name": line.item.name,
        "price": line.price,
        "quantity": line.quantity,
        "options": options,
        "notes": line.notes,
    }


async def place_order(
    database: Database,
    cart: Cart,
    *,
    day: date,
    actor: str,
    key: str | None,
    spend: Callable[[Connection], Awaitable[None]],
) -> Placed:
    """Writes one order; `spend` counts it, unless it is the repetition of one that was answered.

    Raises UnknownItem, SoldOut, PriceChanged, KeyReused or IdempotencyInProgress, and what `spend` does.
    """
    request_hash = hashlib.sha256(to_json(cart.model_dump())).digest()
    async with database.connection() as connection:
        if key is not None:
            first = await queries.first_answer(connection, key=key)
            if first is not None and first["request_hash"] == request_hash and first["answer"] is not None:
                return Placed(str(first["answer"]).encode(), replayed=True)
        await spend(connection)
        async with connection.transaction():
            return await _place(connection, cart, day=day, actor=actor, key=key, request_hash=request_hash)


async def _place(
    connection: Connection, cart: Cart, *, day: date, actor: str, key: str | None, request_hash: bytes
) -> Placed:
    if key is not None:
        earlier = await _claim(connection, key, request_hash)
        if earlier is not None:
            return Placed(earlier, replayed=True)
    body = await _insert(connection, cart, day, actor)
    if key is not None:
        await queries.keep_first_answer(connection, key=key, answer=body)
    return Placed(body.encode(), replayed=False)


async def _claim(connection: Connection, key: str, request_hash: bytes) -> bytes | None:
    """Takes the key for this transaction, or gives the first answer to it."""
    try:
        async with asyncio.timeout(KEY_WAIT_SECONDS):
            if await queries.claim_idempotency_key(connection, key=key, request_hash=request_hash) is not None:
                return None
    except TimeoutError as error:
        raise IdempotencyInProgress from error
    first = await queries.first_answer(connection, key=key)
    if first is None:
        raise IdempotencyInProgress
    if first["request_hash"] != request_hash:
        raise KeyReused
    return str(first["answer"]).encode()


async def _insert(connection: Connection, cart: Cart, day: date, actor: str) -> str:
    lines, total = price_cart(await read_menu(connection), [line.wanted() for line in cart.items], cart.total_price)
    count = await queries.next_pickup_number(connection, day=day)
    body: str = await queries.insert_order(
        connection,
        order_number=order_number(count),
        customer_name=cart.customer_name,
        items=to_json([_stored(line) for line in lines]).decode(),
        total_price=total,
        actor=actor,
        trace=traceparent(),
    )
    return body
