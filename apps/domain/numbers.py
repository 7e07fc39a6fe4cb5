"""The number that is called out, and the secret one that opens an order."""

import re
import secrets
from collections.abc import Callable

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 20
MOST_RANDOM = 16

# Also mistyped, in small letters or escaped once too often: what almost is a number gives it away.
ALMOST_A_NUMBER = re.compile(r"(\d{3,5})(?:-|%(?:25)*2[Dd])[0-9A-Za-z]{13,}")


def pickup_number(count: int) -> str:
    """`count` (1, 2, 3 …) as it is called out: at least three digits."""
    return f"{count:03d}"


def order_number(count: int, choose: Callable[[str], str] = secrets.choice) -> str:
    """A new order number: the pickup number, a dash, and 14–16 random Crockford digits (70–80 bits).

    `choose` picks one character of a string; only tests give another than the system's secure one.
    """
    front = pickup_number(count) + "-"
    return front + "".join(choose(CROCKFORD) for _ in range(min(MOST_RANDOM, LENGTH - len(front))))


def redact(text: str) -> str:
    """`text` with every order number cut down to its pickup number, fit for a log."""
    return ALMOST_A_NUMBER.sub(r"\1-…", text)
