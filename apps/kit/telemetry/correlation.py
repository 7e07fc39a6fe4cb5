"""What ties the log lines of all services together: the request they are about, and the order."""

import hashlib
import re
from contextvars import ContextVar

from apps.domain.numbers import CROCKFORD

MARK_DIGITS = 8
_NUMBER = re.compile(rf"(?:.*/)?(\d{{3,5}})-[{CROCKFORD}]{{13,16}}")
_REQUEST: ContextVar[str] = ContextVar("cafe_request", default="")


def begin(request_id: str) -> None:
    """What follows in this task, and in the calls it makes, is about that request."""
    _REQUEST.set(request_id)


def present() -> str:
    """The id of the request that is being answered; empty outside of one."""
    return _REQUEST.get()


def order_mark(reference: str | None) -> str | None:
    """How a log may call an order whose number, id or address this is, such as `042#9f3c2a1b`; None where it is none.

    Pickup numbers come again every day. The digits after them are of a hash of the order number: whoever has the number
    finds its lines, and nobody finds the number from them, since it has 70 random bits or more.
    """
    if reference is None:
        return None
    if reference.isascii() and reference.isdecimal() and len(reference) <= 10:
        return f"id {reference}"
    found = _NUMBER.fullmatch(reference)
    if found is None:
        return None
    digest = hashlib.sha256(reference.rpartition("/")[2].encode()).hexdigest()
    return f"{found[1]}#{digest[:MARK_DIGITS]}"
