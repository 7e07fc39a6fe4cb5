"""How logs name an order without giving its number away."""

import hashlib
import re

from apps.domain.numbers import CROCKFORD

MARK_DIGITS = 8
_NUMBER = re.compile(rf"(?:.*/)?(\d{{3,5}})-[{CROCKFORD}]{{13,16}}")


def order_mark(reference: str | None) -> str | None:
    """What a log calls the order of this number, id or address, such as `042#9f3c2a1b`; None where it is none.

    The digits after the pickup number are of a SHA-256 of the order number: whoever has the number finds its lines, and
    nobody finds the number from them, since it has 70 random bits or more.
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
