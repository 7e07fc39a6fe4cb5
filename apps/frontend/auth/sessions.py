"""Which staff sessions are open, as the orders service says; and an end for every stream whose session ends."""

import asyncio
import contextlib
import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

import httpx
import structlog

from apps.kit.web.http_client import Unreachable, as_service
from apps.kit.web.tokens import Identity, Role

log = structlog.get_logger("cafe.sessions")

CHANNEL = "cafe_sessions"
REMEMBERED_SECONDS = 20.0
MOST_REMEMBERED = 1000
ANNOUNCED_DIGITS = 16


@dataclass(frozen=True)
class _Known:
    expires_at: float
    ask_again_at: float


@dataclass
class Sessions:
    """Remembers an answer for some seconds, or until it hears that a session ended (channel cafe_sessions)."""

    orders: httpx.AsyncClient
    secret: str
    _known: dict[str, _Known] = field(default_factory=dict)
    _watched: dict[str, set[Callable[[], None]]] = field(default_factory=dict)
    _doubt: asyncio.Event = field(default_factory=asyncio.Event)
    _heard: int = 0

    async def identity(self, token: str) -> Identity | None:
        """Whose session a cookie's token opens; None where it is over. Raises Unreachable."""
        digest = hashlib.sha256(token.encode()).hexdigest()
        expires_at = await self._open_until(digest)
        if expires_at is None or expires_at <= time.time():
            return None
        return Identity(f"staff:{digest[:8]}", Role.STAFF, expires_at, digest)

    def forget(self, token: str) -> str:
        """Drops a session from memory; its hash."""
        digest = hashlib.sha256(token.encode()).hexdigest()
        self._known.pop(digest, None)
        return digest

    @contextlib.contextmanager
    def watching(self, identity: Identity | None, end: Callable[[], None]) -> Iterator[None]:
        """Calls `end` when what `identity` rests on is over: its session revoked, or its time out."""
        if identity is None:
            yield
            return
        left = min(identity.expires_at - time.time(), 366 * 86_400.0)
        timer = asyncio.get_running_loop().call_later(max(0.0, left), end)
        if identity.session:
            self._watched.setdefault(identity.session, set()).add(end)
            if identity.session not in self._known:
                self._doubt.set()  # it may have ended between the look at it and this line
        try:
            yield
        finally:
            timer.cancel()
            ends = self._watched.get(identity.session, set())
            ends.discard(end)
            if not ends:
                self._watched.pop(identity.session, None)

    def hear(self, payload: str) -> None:
        """A session has ended, or changed; with an empty payload, perhaps any."""
        self._heard += 1
        if len(payload) != ANNOUNCED_DIGITS:
            self.doubt()
            return
        for digest in [known for known in self._known if known.startswith(payload)]:
            del self._known[digest]
        for digest in [watched for watched in self._watched if watched.startswith(payload)]:
            self._end(digest)

    def doubt(self) -> None:
        """Something may have been missed: what is remembered counts no more, and what is watched is asked about."""
        self._heard += 1
        self._known.clear()
        self._doubt.set()

    async def run(self) -> None:
        """Asks about the sessions that have open streams, now and then and when in doubt; ends by cancellation."""
        while True:
            # not wait_for: on Python 3.11 it forgets a cancellation that comes together with what it waits for
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(REMEMBERED_SECONDS):
                    await self._doubt.wait()
            self._doubt.clear()
            try:
                for digest in tuple(self._watched):
                    if await self._open_until(digest) is None:
                        self._end(digest)
            except Unreachable:
                log.debug("could not ask about the sessions")

    def _end(self, digest: str) -> None:
        for end in tuple(self._watched.get(digest, ())):
            end()

    async def _open_until(self, digest: str) -> float | None:
        known = self._known.get(digest)
        if known is not None and known.ask_again_at > time.monotonic():
            return known.expires_at
        asked_at, heard = time.monotonic(), self._heard
        try:
            response = await self.orders.get(f"/sessions/{digest}", headers=as_service(self.secret, "frontend"))
        except httpx.RequestError as error:
            raise Unreachable from error
        if response.status_code != 200:
            if response.status_code != 404:
                raise Unreachable
            self._known.pop(digest, None)
            return None
        try:
            expires_at = datetime.fromisoformat(response.json()["expires_at"]).timestamp()
        except (ValueError, KeyError, TypeError) as error:
            raise Unreachable from error
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        if heard == self._heard:  # else the answer may be older than what was heard
            self._known[digest] = _Known(expires_at, asked_at + REMEMBERED_SECONDS)
        return expires_at
