"""Rate limits of a client, and the headers that describe them.

A budget is counted by the generic cell rate algorithm (ITU-T I.371): all that is kept of a client is the time until
which its past requests count. The headers are those of draft-ietf-httpapi-ratelimit-headers.
"""

import ipaddress
import math
import time
from collections import OrderedDict
from dataclasses import dataclass

from quart import g, request

from apps.kit.errors import ApiError
from apps.kit.web.tokens import Identity, Role

MOST_REMEMBERED = 20_000
REQUESTS = ("requests", 1000, 6000)
NEVER_REFUSED = ("/livez", "/readyz", "/health", "/metrics", "/static/")


class TooManyRequests(ApiError):
    """That was a lot at once. Please wait a moment, then try again."""

    status, code = 429, "too_many_requests"


@dataclass(frozen=True)
class Budget:
    """A burst, and a rate after that."""

    name: str
    burst: int
    per_minute: int

    @property
    def seconds_each(self) -> float:
        return 60 / self.per_minute

    def headers(self, backlog_seconds: float) -> dict[str, str]:
        """The headers for a client whose past requests count for so many more seconds."""
        left = max(0, math.floor(self.burst - backlog_seconds / self.seconds_each + 1e-6))
        return {
            "RateLimit-Policy": f'"{self.name}";q={self.burst};w={math.ceil(self.burst * self.seconds_each)}',
            "RateLimit": f'"{self.name}";r={left};t={math.ceil(backlog_seconds)}',
        }

    def refusal(self, backlog_seconds: float) -> TooManyRequests:
        """The error for a client that has used up its budget."""
        wait = backlog_seconds - (self.burst - 1) * self.seconds_each
        error = TooManyRequests()
        error.headers |= {"Retry-After": str(max(1, math.ceil(wait))), **self.headers(backlog_seconds)}
        return error


def network(address: str) -> str:
    """The network that one client can choose its address in: an IPv4 address, or an IPv6 /64 (RFC 6177)."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped or ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


class Allowance:
    """A budget that is counted in this process alone."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self._spent_until: OrderedDict[str, float] = OrderedDict()

    def spend(self, who: str, now: float) -> None:
        """Takes one; `now` in seconds. Raises TooManyRequests."""
        spent_until = max(self._spent_until.get(who, 0.0), now)
        if spent_until + self.budget.seconds_each > now + self.budget.burst * self.budget.seconds_each + 1e-9:
            raise self.budget.refusal(spent_until - now)
        self._spent_until[who] = spent_until + self.budget.seconds_each
        self._spent_until.move_to_end(who)
        if len(self._spent_until) > MOST_REMEMBERED:
            self._spent_until.popitem(last=False)


class Requests:
    """The request budget of a client at one replica of a service."""

    def __init__(self, *, limited: bool) -> None:
        self._allowance = Allowance(Budget(*REQUESTS)) if limited else None

    def spend(self, identity: Identity | None) -> None:
        """Counts the present request. Raises TooManyRequests."""
        if self._allowance is None or request.path.startswith(NEVER_REFUSED):
            return
        if identity is None:
            self._allowance.spend(f"address:{network(request.remote_addr or '')}", time.monotonic())
        elif identity.role is not Role.SERVICE:
            self._allowance.spend(identity.subject, time.monotonic())


def set_rate_limit_headers(headers: dict[str, str]) -> None:
    """Remembers what the present answer is to say about the client's budget."""
    g.rate_limit = headers


def rate_limit_headers() -> dict[str, str]:
    """What the present answer is to say."""
    headers: dict[str, str] = g.get("rate_limit", {})
    return headers
