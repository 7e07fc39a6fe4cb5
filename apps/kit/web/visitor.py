"""From which address a request comes, also where another of our services passed it on.

The frontend vouches for a visitor's address by a signed token: a header that a stranger sends says nothing.
"""

from quart import request

from apps.kit.errors import SignInNeeded
from apps.kit.web.tokens import mint_client_address, read_client_address

HEADER = "Cafe-Visitor"


def client_address_header(secret: str) -> dict[str, str]:
    """The header that passes the present visitor's address on."""
    return {HEADER: mint_client_address(secret, client_address(secret))}


def client_address(secret: str) -> str:
    """The address that the present request began at."""
    token = request.headers.get(HEADER)
    if token is not None:
        try:
            return read_client_address(secret, token)
        except SignInNeeded:
            pass
    return request.remote_addr or ""
