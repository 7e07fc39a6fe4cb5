"""Customers who order and cancel, a kitchen that takes steps, and a hand in psql; what was answered is written down."""

import asyncio
import random
import uuid
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import httpx

from tests.cafe import bearer
from tests.faults.history import Acknowledged

TRY_AGAIN_SECONDS = (0.05, 0.4)
ANSWER_WITHIN_SECONDS = 8.0
MOST_OPEN = 24
STEPS = {
    "ordered": ("start", "start", "start", "cancel", "customer cancels", "renamed"),
    "preparing": ("ready", "ready", "ready", "recall", "cancel", "renamed"),
    "ready": ("serve", "serve", "serve", "recall"),
    "served": ("recall",),
}
RECALLED_AFTER_SERVING = 0.05
DOUBLE_TAPS = 0.15


@dataclass
class Book:
    """What the writers know together: each open order's (status, version), and all that was acknowledged."""

    open: dict[str, tuple[str, int]] = field(default_factory=dict)
    acknowledged: list[Acknowledged] = field(default_factory=list)
    placed: list[str] = field(default_factory=list)
    attempts: int = 0
    refusals: int = 0
    replays: int = 0

    def note(self, key: str, order: dict[str, Any]) -> None:
        """An order as a successful answer gave it."""
        number, version, status = order["order_number"], order["version"], order["status"]
        self.acknowledged.append(Acknowledged(key, number, version, status, order["customer_name"]))
        self.learn(number, status, version)

    def learn(self, number: str, status: str, version: int) -> None:
        """The present state, however it became known."""
        if version >= self.open.get(number, ("", 0))[1]:
            self.open[number] = (status, version)
        if status == "cancelled":
            self.open.pop(number, None)


@dataclass
class Writer:
    """One of several; it ends one wish, however often it must ask, before it begins another."""

    book: Book
    bases: list[str]
    database_url: str
    dice: random.Random
    http: httpx.AsyncClient
    stopping: asyncio.Event
    pause_seconds: tuple[float, float] = (0.05, 0.4)

    async def run(self) -> None:
        """Writes until `stopping` is set and the last wish was answered."""
        while not self.stopping.is_set():
            working = [number for number, (status, _) in self.book.open.items() if status != "served"]
            if len(working) < 4 or (len(working) < MOST_OPEN and self.dice.random() < 0.3):
                await self._place()
            else:
                await self._step(self.dice.choice(working))
            await asyncio.sleep(self.dice.uniform(*self.pause_seconds))

    async def _place(self) -> None:
        key = str(uuid.UUID(int=self.dice.getrandbits(128)))
        body = {"customer_name": f"guest {key[:18]}", "items": [{"id": self.dice.randint(1, 3), "quantity": 1}]}
        taps = 2 if self.dice.random() < DOUBLE_TAPS else 1
        asked = (self._insist("/api/orders", json=body, headers={"Idempotency-Key": key}) for _ in range(taps))
        for answer in await asyncio.gather(*asked):
            assert answer.status_code == 201, answer.text
            self.book.note(key, answer.json())
            self.book.replays += "Idempotent-Replayed" in answer.headers
        self.book.placed.append(answer.json()["order_number"])

    async def _step(self, number: str) -> None:
        status, version = self.book.open[number]
        step = self.dice.choice(STEPS[status])
        key = str(uuid.UUID(int=self.dice.getrandbits(128)))
        match step:
            case "renamed":
                await self._rename(number)
                return
            case "customer cancels":
                answer = await self._insist(f"/api/orders/{number}/cancel", headers={})
            case "recall":
                # a recall taken twice goes back two steps: whoever repeats one says from which version
                headers = {**bearer(), "If-Match": f'"v{version}"'}
                answer = await self._insist(f"/api/kitchen/orders/{number}/recall", headers=headers)
            case _:
                answer = await self._insist(f"/api/kitchen/orders/{number}/{step}", headers=bearer())
        if answer.status_code == 200:
            self.book.note(key, answer.json())
            if answer.json()["status"] == "served" and self.dice.random() > RECALLED_AFTER_SERVING:
                self.book.open.pop(number, None)
            return
        assert answer.status_code in (409, 412), answer.text
        self.book.refusals += 1
        present = await self._insist(f"/api/orders/{number}", method="GET", headers={})
        order = present.json()
        self.book.learn(number, order["status"], order["version"])
        if order["status"] in ("served", "cancelled"):
            self.book.open.pop(number, None)

    async def _rename(self, number: str) -> None:
        """A hand in psql: one statement, whose outcome counts only if it was confirmed."""
        name = f"renamed {self.dice.getrandbits(64):x}"
        statement = "UPDATE orders SET customer_name = $1 WHERE order_number = $2 RETURNING version, status"
        try:
            connection = await asyncpg.connect(self.database_url, timeout=5, command_timeout=5)
            try:
                row = await connection.fetchrow(statement, name, number)
            finally:
                connection.terminate()
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return
        if row is not None:
            order = {"order_number": number, "customer_name": name, **dict(row)}
            self.book.note(name, order)

    async def _insist(self, path: str, method: str = "POST", **request: Any) -> httpx.Response:
        """The first answer that is one; asks again at any frontend after a 5xx, a 425, or none."""
        while True:
            self.book.attempts += 1
            try:
                answer = await self.http.request(
                    method, self.dice.choice(self.bases) + path, timeout=ANSWER_WITHIN_SECONDS, **request
                )
                busy = answer.status_code == 409 and answer.json().get("code") == "idempotency_in_progress"
                if answer.status_code < 500 and not busy:
                    return answer
            except (httpx.HTTPError, ValueError):
                pass
            await asyncio.sleep(self.dice.uniform(*TRY_AGAIN_SECONDS))
