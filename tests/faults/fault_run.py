"""A storm over a running café: writers write, watchers watch, faults fault; all of it becomes a history."""

import asyncio
import random
import time
from dataclasses import dataclass, field
from typing import Self

import asyncpg
import httpx

from tests.faults.evidence import read_evidence
from tests.faults.fault_injection import Scene
from tests.faults.fault_schedule import LONG, STRIKES, Schedule
from tests.faults.harness import DATABASE, Harness
from tests.faults.history import DISPLAY, KITCHEN, History
from tests.faults.observers import EventSource, Poller, Watcher, Websocket
from tests.faults.outcome import Outcome
from tests.faults.writers import Book, Writer

WRITERS = 4
CUSTOMERS = 8
CUSTOMER_STAYS_SECONDS = 20.0
RIGHT_WITHIN_SECONDS = 60.0
ENDS_WITHIN_SECONDS = 90.0


class NeverRight(AssertionError):
    """After healing, some screen did not come back."""


@dataclass
class Campaign:
    """One run; `inject_until(n)` does the faults, `finish` gives the history."""

    harness: Harness
    seed: int
    long_every: int = 80
    book: Book = field(default_factory=Book)
    watchers: list[Watcher] = field(default_factory=list)
    left: list[Watcher] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)  # noqa: S311 - repeatable, not secret
        self.outcome = Outcome(self.seed)
        self.stopping = asyncio.Event()
        self.http = httpx.AsyncClient(trust_env=False, limits=httpx.Limits(max_connections=None))
        self._bases = [front.base for front in self.harness.fronts]
        self._tasks: dict[Watcher, asyncio.Task[None]] = {}
        self._writers: list[asyncio.Task[None]] = []
        self._guests: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        for audience in (KITCHEN, DISPLAY):
            for way in (Websocket, Websocket, EventSource, Poller):
                self._watch(way(audience, self._bases, random.Random(self.dice.random()), self.http))  # noqa: S311
        url = self.harness.server.url(DATABASE)
        for _ in range(WRITERS):
            dice = random.Random(self.dice.random())  # noqa: S311
            writer = Writer(self.book, self._bases, url, dice, self.http, self.stopping)
            self._writers.append(asyncio.ensure_future(writer.run()))
        self._guests = asyncio.ensure_future(self._customers_come_and_go())
        return self

    async def __aexit__(self, *_: object) -> None:
        tasks = [*self._tasks.values(), *self._writers, *([self._guests] if self._guests else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.http.aclose()

    def _watch(self, watcher: Watcher) -> None:
        self.watchers.append(watcher)
        self._tasks[watcher] = asyncio.ensure_future(watcher.run())

    async def _customers_come_and_go(self) -> None:
        ways = (Websocket, Websocket, EventSource, Poller)
        guests: list[tuple[float, Watcher]] = []
        while True:
            await asyncio.sleep(CUSTOMER_STAYS_SECONDS / CUSTOMERS)
            if not self.book.placed:
                continue
            watcher = self.dice.choice(ways)(self.book.placed[-1], self._bases, self.dice, self.http)
            self._watch(watcher)
            guests.append((time.monotonic(), watcher))
            if len(guests) > CUSTOMERS:
                _, leaving = guests.pop(0)
                leaving.client.record.stayed = False
                self.watchers.remove(leaving)
                self.left.append(leaving)
                self._tasks.pop(leaving).cancel()

    async def inject_until(self, faults: int) -> None:
        """Rounds of faults, each healed and everything right before the next."""
        began, schedule = time.monotonic(), Schedule(self.dice)
        scene = Scene(self.harness, self.watchers, lambda: list(self.book.open), self.dice)
        await self._until_right()
        while self.outcome.faults < faults:
            names = schedule.draw(faults - self.outcome.faults)
            if self.outcome.rounds % self.long_every == self.long_every // 2:
                names.append(LONG)
            async with asyncio.TaskGroup() as group:
                for name in names:
                    self.outcome.faults_by_kind[name] += 1
                    group.create_task(self._strike(name, scene))
            healed = time.monotonic()
            await self._until_right()
            kind = names[0] if len(names) == 1 else "several at once"
            self.outcome.seconds_to_right[kind].append(time.monotonic() - healed)
            self.outcome.rounds += 1
            for writer in self._writers:
                if writer.done():
                    writer.result()
        self.outcome.seconds = time.monotonic() - began

    async def _strike(self, name: str, scene: Scene) -> None:
        """A fault that needs a connection may meet a PostgreSQL that another one has just stopped: then it waits."""
        while True:
            try:
                await STRIKES[name][1](scene)
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await asyncio.sleep(0.1)
            else:
                return

    async def _until_right(self) -> None:
        """Until every service is well and every watcher has, live, what was committed when this was asked."""
        deadline = time.monotonic() + RIGHT_WITHIN_SECONDS
        heads = await self._heads()
        while True:
            wrong = [
                watcher.client.record.name
                for watcher in self.watchers
                if not watcher.client.believes_itself_live() or watcher.client.position < heads.get(watcher.audience, 0)
            ]
            if not wrong and await self.harness.is_well():
                return
            if time.monotonic() > deadline:
                raise NeverRight(f"not right {RIGHT_WITHIN_SECONDS:g} s after healing: {wrong}")
            await asyncio.sleep(0.02)

    async def _heads(self) -> dict[str, int]:
        connection = await self.harness.sql()
        try:
            seq = await connection.fetchval("SELECT seq FROM stream_head")
            numbers = [watcher.audience for watcher in self.watchers]
            rows = await connection.fetch(
                "SELECT order_number, version FROM orders WHERE order_number = ANY($1)", numbers
            )
        finally:
            connection.terminate()
        return {KITCHEN: seq, DISPLAY: seq, **{row["order_number"]: row["version"] for row in rows}}

    async def finish(self) -> History:
        """Lets the writers end what they began, waits until all is quiet and right, and gathers the evidence."""
        self.stopping.set()
        async with asyncio.timeout(ENDS_WITHIN_SECONDS):
            await asyncio.gather(*self._writers)
        if self._guests is not None:
            self._guests.cancel()
        await self._until_right()
        connection = await self.harness.sql()
        try:
            history = await read_evidence(connection)
        finally:
            connection.terminate()
        everyone = [*self.watchers, *self.left]
        history.acknowledged = self.book.acknowledged
        history.observers = [watcher.client.record for watcher in everyone]
        self.outcome.writes, self.outcome.attempts = len(self.book.acknowledged), self.book.attempts
        self.outcome.replays = self.book.replays
        self.outcome.messages = sum(len(watcher.client.record.told) for watcher in everyone)
        self.outcome.watchers = len(everyone)
        self.outcome.steps_back = sum(watcher.client.steps_back for watcher in everyone)
        return history
