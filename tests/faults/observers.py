"""The three ways to watch a café, each coming back for ever: websocket, server-sent events, polling."""

import asyncio
import json
import random
from abc import ABC, abstractmethod
from typing import Any, ClassVar

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from tests.cafe import bearer
from tests.faults.client import SILENCE_SECONDS, Client, Reconnect
from tests.faults.history import DISPLAY, KITCHEN, Observer

FIRST_WAIT_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 1.0
POLL_EVERY_SECONDS = 1.0
CONNECT_SECONDS = 5.0
AWAY = (OSError, TimeoutError, WebSocketException, httpx.HTTPError, Reconnect, EOFError)


class Watcher(ABC):
    """A client that goes from frontend to frontend whenever it loses one; `bases` are the frontends' addresses."""

    way: ClassVar[str]

    def __init__(self, audience: str, bases: list[str], dice: random.Random, http: httpx.AsyncClient) -> None:
        name = audience if audience in (KITCHEN, DISPLAY) else f"customer {audience[:3]}"
        self.client = Client(Observer(f"{name} by {self.way}", audience, polls=self.way == "polling"))
        self.audience = audience
        self.bases = bases
        self.dice = dice
        self.http = http
        self.paused = asyncio.Event()
        self.paused.set()
        self._at = dice.randrange(len(bases))

    @property
    def headers(self) -> dict[str, str]:
        return bearer() if self.audience == KITCHEN else {}

    @property
    def path(self) -> str:
        return self.audience if self.audience in (KITCHEN, DISPLAY) else f"orders/{self.audience}"

    async def run(self) -> None:
        """Watches until it is cancelled."""
        failures = 0
        while True:
            opened = self.client.opened
            try:
                await self.watch(self.bases[self._at % len(self.bases)])
            except AWAY:
                pass
            finally:
                self.client.closed()
            failures = 0 if self.client.opened > opened else failures + 1
            self._at += 1
            most = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2**failures)
            await asyncio.sleep(self.dice.uniform(0, most))

    @abstractmethod
    async def watch(self, base: str) -> None:
        """One connection, to its end."""

    async def _take(self, text: str | bytes) -> None:
        await self.paused.wait()
        message: dict[str, Any] = json.loads(text)
        self.client.take(message)


class Websocket(Watcher):
    """A browser's way."""

    way = "websocket"

    async def watch(self, base: str) -> None:
        address = f"{base.replace('http', 'ws')}/ws/{self.path}"
        if self.client.epoch:
            address += f"?epoch={self.client.epoch}&seq={self.client.seq}"
        opening = connect(
            address,
            additional_headers=self.headers,
            compression=None,
            proxy=None,
            open_timeout=CONNECT_SECONDS,
            close_timeout=0.5,
            ping_interval=None,
        )
        async with opening as socket:
            try:
                while True:
                    await self._take(await asyncio.wait_for(socket.recv(), SILENCE_SECONDS))
            except ConnectionClosed as closed:
                self.client.close_codes.append(closed.rcvd.code if closed.rcvd else 1006)
                raise


class EventSource(Watcher):
    """curl's way."""

    way = "events"

    async def watch(self, base: str) -> None:
        headers = self.headers
        if self.client.epoch:
            headers["Last-Event-ID"] = f"{self.client.epoch}:{self.client.seq}"
        limits = httpx.Timeout(CONNECT_SECONDS, read=SILENCE_SECONDS)
        async with self.http.stream("GET", f"{base}/api/{self.path}/events", headers=headers, timeout=limits) as events:
            events.raise_for_status()
            async for line in events.aiter_lines():
                if line.startswith("data: "):
                    await self._take(line.removeprefix("data: "))


class Poller(Watcher):
    """The way of whoever can do neither."""

    way = "polling"

    async def watch(self, base: str) -> None:
        tag = ""
        path = f"{base}/api/{self.path}" + ("/orders" if self.audience in (KITCHEN, DISPLAY) else "")
        while True:
            answer = await self.http.get(path, headers={**self.headers, "If-None-Match": tag}, timeout=CONNECT_SECONDS)
            if answer.status_code not in (200, 304):
                answer.raise_for_status()
            tag = answer.headers["ETag"]
            stale = "Cafe-Stale-Since" in answer.headers
            if self.audience in (KITCHEN, DISPLAY):
                epoch, _, seq = tag.strip('"').rpartition(".")
            else:
                epoch, seq = "", "0"
            orders = None
            if answer.status_code == 200:
                body = answer.json()
                orders = body["orders"] if self.audience == DISPLAY else body if isinstance(body, list) else [body]
            self.client.polled(epoch, int(seq), orders, stale=stale)
            await asyncio.sleep(POLL_EVERY_SECONDS)
