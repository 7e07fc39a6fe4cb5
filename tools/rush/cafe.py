"""The running café as the bots reach it: addresses, HTTP client, retries."""

import asyncio
import random
import ssl
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from apps.kit.web.http_client import as_bearer
from apps.kit.web.tokens import Role, mint
from tools.rush.tally import Tally

TRY_AGAIN_SECONDS = 0.3
ANSWER_SECONDS = 10.0
LONGEST = timedelta(hours=12)


class Closing(Exception):
    """The rush is ending: bots stop."""


@dataclass
class Cafe:
    """`customer_headers` are those that customers order with: none, or a token that lifts the limit of one address.

    `enough` is set when the rush has to end, `judged` when the screens may disconnect.
    """

    frontend: str
    orders: str
    secret: str
    certificate: ssl.SSLContext | bool
    customer_headers: dict[str, str]
    tally: Tally
    enough: asyncio.Event = field(default_factory=asyncio.Event)
    judged: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.staff = as_bearer(mint(self.secret, subject="staff:rush", role=Role.STAFF, lifetime=LONGEST))
        self.http = httpx.AsyncClient(
            trust_env=False,
            verify=self.certificate,
            timeout=ANSWER_SECONDS,
            limits=httpx.Limits(max_connections=200, max_keepalive_connections=50, keepalive_expiry=20),
        )

    async def pause(self, seconds: float) -> None:
        """Sleeps. Raises Closing as soon as the rush has to end."""
        try:
            async with asyncio.timeout(seconds):
                await self.enough.wait()
        except TimeoutError:
            return
        raise Closing

    async def ask(self, method: str, path: str, headers: dict[str, str], **request: Any) -> httpx.Response:
        """The frontend's first conclusive answer: retries after 5xx or no answer, and after 429 as Retry-After says.

        Raises Closing where there is none before the rush ends.
        """
        while True:
            wait = TRY_AGAIN_SECONDS
            try:
                answer = await self.http.request(method, self.frontend + path, headers=headers, **request)
            except httpx.TransportError:
                self.tally.refused["no answer"] += 1
            else:
                code = code_of(answer)
                if answer.status_code < 500 and code not in ("too_many_requests", "idempotency_in_progress"):
                    return answer
                self.tally.refused[code] += 1
                env = answer.headers.get("Retry-After", "")
                wait = float(env) if env.isdecimal() else wait
            await self.pause(wait + random.uniform(0, TRY_AGAIN_SECONDS))  # noqa: S311 - jitter

    async def read_log(self, after: int) -> tuple[int, list[dict[str, Any]]] | None:
        """The event log's head and all events after a seq; None where they cannot be had."""
        lines: list[dict[str, Any]] = []
        try:
            while True:
                last = lines[-1]["seq"] if lines else after
                answer = await self.http.get(f"{self.orders}/orders/events?after={last}", headers=self.staff)
                if answer.status_code != 200:
                    return None
                page = answer.json()
                lines += page["events"]
                if not page["events"] or lines[-1]["seq"] >= page["head"]:
                    return page["head"], lines
        except (httpx.TransportError, ValueError, KeyError):
            return None


def code_of(answer: httpx.Response) -> str:
    """The code of a problem document; the status where there is none."""
    if answer.status_code < 400:
        return ""
    try:
        return str(answer.json()["code"])
    except (ValueError, KeyError, TypeError):
        return str(answer.status_code)
