"""The orders service as the kitchen reaches it: three attempts with backoff and jitter, for what may be repeated."""

from collections.abc import Mapping
from dataclasses import dataclass

import httpx
import stamina
from prometheus_client import Counter

from apps.kit.telemetry.metrics import Group
from apps.kit.web.http_client import Unreachable, relayed

figures = Group()
retries = Counter("cafe_retries_total", "Calls to the orders service that were made once more.", registry=figures)

ATTEMPTS = 3
FIRST_WAIT_SECONDS = 0.1
MOST_WAIT_SECONDS = 1.0
TRY_AGAIN = frozenset({502, 503, 504})


class _NotNow(Exception):
    """The orders service asked to be tried again."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(response.status_code)
        self.response = response


def _unless_asked_to_wait(response: httpx.Response) -> None:
    if response.status_code in TRY_AGAIN:
        raise _NotNow(response)


@dataclass(frozen=True)
class OrdersClient:
    """Every call made here may be repeated: a read, or a PUT that names the version it changes."""

    http: httpx.AsyncClient

    async def call(
        self, method: str, path: str, headers: Mapping[str, str], content: bytes | None = None
    ) -> httpx.Response:
        """The answer of the last attempt, whatever its status. Raises Unreachable where there was none."""
        try:
            async for attempt in stamina.retry_context(
                on=(httpx.TransportError, _NotNow),
                attempts=ATTEMPTS,
                timeout=None,
                wait_initial=FIRST_WAIT_SECONDS,
                wait_max=MOST_WAIT_SECONDS,
                wait_jitter=FIRST_WAIT_SECONDS,
            ):
                if attempt.num > 1:
                    retries.inc()
                with attempt:
                    response = await self.http.request(method, path, headers=dict(headers), content=content)
                    _unless_asked_to_wait(response)
                    return response
        except _NotNow as refusal:
            return refusal.response
        except httpx.TransportError as error:
            raise Unreachable("The orders service does not answer just now; please try again.") from error
        raise AssertionError

    async def read(self, path: str, headers: Mapping[str, str]) -> bytes:
        """The body of a successful GET. Raises Unreachable, or the refusal in the orders service's own words."""
        response = await self.call("GET", path, headers)
        if response.status_code != 200:
            raise relayed(response)
        return response.content

    async def is_well(self) -> bool:
        """Whether the orders service says that it can work."""
        try:
            response = await self.http.get("/health", timeout=3)
        except httpx.TransportError:
            return False
        return response.status_code == 200
