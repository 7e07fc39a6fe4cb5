"""One step of an order's life, taken once however often it is asked for."""

from collections.abc import Callable, Mapping
from urllib.parse import quote

import msgspec

from apps.api.errors import IllegalStep
from apps.domain.lifecycle import FOLLOWING, Status, Step, target
from apps.kit.errors import Conflict
from apps.kit.web.encoding import to_json
from apps.kit.web.http_client import relayed
from apps.kitchen.orders_client import OrdersClient

ATTEMPTS = 5


class Ticket(msgspec.Struct):
    """What a step must know of an order."""

    order_number: str
    status: Status
    version: int

    @property
    def tag(self) -> str:
        """The opaque part of its entity tag."""
        return f"v{self.version}"


_ticket = msgspec.json.Decoder(Ticket)


async def take_step(
    orders: OrdersClient,
    reference: str,
    step: Step,
    headers: Mapping[str, str],
    precondition: Callable[[Ticket], None],
) -> bytes:
    """The order after `step`, as JSON; unchanged where the step was taken before.

    The step is decided from one reading and written only over that version, so that neither a retry nor a second tablet
    takes it twice. Raises IllegalStep, whatever `precondition` raises, or the orders service's own refusal.
    """
    written: tuple[Status, int] | None = None
    for _ in range(ATTEMPTS):
        body = await orders.read(f"/orders/{quote(reference, safe='')}", headers)
        ticket = _ticket.decode(body)
        if written == (ticket.status, ticket.version):
            return body  # our own change, whose answer was lost, or the same one made by another tablet meanwhile
        precondition(ticket)
        goal = target(step, ticket.status)
        if goal is None:
            raise _illegal(step, ticket.status)
        if goal is ticket.status:
            return body
        answer = await orders.call(
            "PUT",
            f"/orders/{ticket.order_number}",
            {**headers, "If-Match": f'"{ticket.tag}"', "Content-Type": "application/json"},
            to_json({"status": goal}),
        )
        if answer.status_code == 200:
            return answer.content
        if answer.status_code != 412:
            raise relayed(answer)
        written = (goal, ticket.version + 1)
    raise Conflict("Many are moving this order at the same time; please look at it and try again.")


def _illegal(step: Step, current: Status) -> IllegalStep:
    allowed = [status.value for status in FOLLOWING[current]]
    return IllegalStep(
        f"{step.capitalize()} is not possible: this order is {current}.", current_status=current.value, allowed=allowed
    )
