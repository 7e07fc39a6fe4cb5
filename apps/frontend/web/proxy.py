"""What must be asked of the orders and kitchen services: passed on, and answered on the frontend's own addresses."""

from dataclasses import dataclass
from datetime import timedelta

import httpx
import msgspec
from quart import Response, request

from apps.frontend.streams.live import Live
from apps.kit.web.access import caller
from apps.kit.web.client_address import client_address_header
from apps.kit.web.http_client import Unreachable, as_bearer, relayed
from apps.kit.web.tokens import mint

PASSED_ON = ("Content-Type", "Idempotency-Key", "If-Match", "If-None-Match")
PASSED_BACK = (
    "Content-Type",
    "ETag",
    "Cache-Control",
    "Idempotent-Replayed",
    "Retry-After",
    "RateLimit",
    "RateLimit-Policy",
)
READ_OWN_WRITE_SECONDS = 0.5
TOKEN_LIFETIME = timedelta(minutes=1)


class _Written(msgspec.Struct):
    order_number: str
    version: int


@dataclass(frozen=True)
class Proxy:
    """Passes a request on as whoever makes it; waits until the board shows what was written."""

    live: Live
    secret: str

    async def pass_on(self, client: httpx.AsyncClient, path: str, *, writes_order: bool = False) -> Response:
        """The other service's answer. Raises its refusals in its own words, and Unreachable."""
        headers = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
        headers |= client_address_header(self.secret)
        identity = caller()
        if identity is not None:
            token = mint(self.secret, subject=identity.subject, role=identity.role, lifetime=TOKEN_LIFETIME)
            headers |= as_bearer(token)
        body = await request.get_data(cache=False)
        try:
            answer = await client.request(
                request.method,
                path,
                params=request.query_string.decode("latin-1"),
                headers=httpx.Headers(headers, encoding="latin-1"),  # byte for byte as they came
                content=body,
            )
        except httpx.TransportError as error:
            raise Unreachable from error
        if answer.status_code >= 400:
            raise relayed(answer)
        if writes_order:
            await self._until_shown(answer.content)
        return _translate(answer)

    async def _until_shown(self, body: bytes) -> None:
        written = msgspec.json.decode(body, type=_Written)
        if self.live.stale_since is None and self.live.loaded is not None:
            await self.live.until(written.order_number, written.version, READ_OWN_WRITE_SECONDS)


def _translate(answer: httpx.Response) -> Response:
    response = Response(answer.content, status=answer.status_code)
    for name in PASSED_BACK:
        if name in answer.headers:
            response.headers[name] = answer.headers[name]
    if "Location" in answer.headers:
        response.headers["Location"] = "/api" + answer.headers["Location"]
    if "Link" in answer.headers:
        response.headers["Link"] = answer.headers["Link"].replace("</orders", "</api/orders")
    return response
