"""The client's address of a request, also where another service passed the request on.

The frontend passes a client's address on in a signed token; an unsigned header is ignored.
"""

from quart import request

from apps.kit.errors import SignInNeeded
from apps.kit.web.tokens import mint_client_address, read_client_address

HEADER = "Cafe-Client-Address"


def client_address_header(secret: str) -> dict[str, str]:
    """The header that passes the present client's address on."""
    return {HEADER: mint_client_address(secret, client_address(secret))}


def client_address(secret: str) -> str:
    """The address that the present request came from first."""
    token = request.headers.get(HEADER)
    if token is not None:
        try:
            return read_client_address(secret, token)
        except SignInNeeded:
            pass
    return request.remote_addr or ""
