"""Moving an order on or back, by one conditional UPDATE."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from apps.api.errors import IllegalStep, OrderNotFound
from apps.domain.lifecycle import FOLLOWING, Status, before
from apps.kit.database.pool import Connection, Database
from apps.kit.errors import Conflict
from apps.kit.telemetry.tracing import traceparent
from apps.orders.queries import queries

ATTEMPTS = 5


@dataclass(frozen=True)
class Found:
    """An order as it was read: `body` is its JSON."""

    order_number: str
    status: Status
    version: int
    body: bytes

    @property
    def tag(self) -> str:
        """The opaque part of its entity tag."""
        return f"v{self.version}"


def _found(row: Any) -> Found:
    if row is None:
        raise OrderNotFound
    return Found(row["order_number"], Status(row["status"]), row["version"], row["body"].encode())


def _is_number(reference: str) -> bool:
    return reference.isascii() and reference.isprintable() and len(reference) <= 20


async def find_order(connection: Connection, reference: str, *, by_id: bool) -> Found:
    """One order by its number, or by its numeric id where that is allowed. Raises OrderNotFound."""
    if by_id and reference.isascii() and reference.isdecimal():
        if len(reference) > 9:
            raise OrderNotFound
        return _found(await queries.find_order_by_id(connection, id=int(reference)))
    if not _is_number(reference):
        raise OrderNotFound
    return _found(await queries.find_order(connection, order_number=reference))


async def move_order(
    database: Database,
    reference: str,
    target: Status,
    *,
    actor: str,
    by_id: bool,
    precondition: Callable[[Found], None],
    only_from: tuple[Status, ...] | None = None,
) -> Found:
    """The order in `target`; unchanged where it was there already.

    `precondition` raises where the caller has seen something else; it is asked again when another was quicker.
    Raises OrderNotFound, IllegalStep, or whatever `precondition` does.
    """
    allowed_from = before(target) if only_from is None else only_from
    async with database.connection() as connection:
        for _ in range(ATTEMPTS):
            found = await find_order(connection, reference, by_id=by_id)
            precondition(found)
            if found.status is target:
                return found
            if found.status not in allowed_from:
                raise _illegal(found.status, target, only_from)
            body = await queries.move_order(
                connection,
                order_number=found.order_number,
                status=target.value,
                actor=actor,
                trace=traceparent(),
                allowed_from=[found.status.value],
                versions=[found.version],
            )
            if body is not None:
                return Found(found.order_number, target, found.version + 1, str(body).encode())
        raise Conflict("Many are moving this order at the same time; please look at it and try again.")


def _illegal(current: Status, target: Status, only_from: tuple[Status, ...] | None) -> IllegalStep:
    reachable = FOLLOWING[current] if only_from is None else ()
    detail = (
        f"An order that is {current} cannot become {target}."
        if only_from is None
        else f"This order is {current} already, so it can no longer be cancelled here; please ask at the counter."
    )
    return IllegalStep(detail, current_status=current.value, allowed=[status.value for status in reachable])
