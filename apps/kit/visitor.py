"""From which address a request comes, also where another of our services passed it on.

The frontend vouches for a visitor's address by a signed token: a header that a stranger sends says nothing.
"""

from quart import request

from apps.domain.errors import SignInNeeded
from apps.kit.tokens import mint_visit, read_visit

HEADER = "Cafe-Visitor"


def vouched(secret: str) -> dict[str, str]:
    """The header that passes the present visitor's address on."""
    return {HEADER: mint_visit(secret, visitor_address(secret))}


def visitor_address(secret: str) -> str:
    """The address that the present request began at."""
    token = request.headers.get(HEADER)
    if token is not None:
        try:
            return read_visit(secret, token)
        except SignInNeeded:
            pass
    return request.remote_addr or ""
