"""The kitchen bots: stations that each take the next ticket of the kitchen's screen."""

import asyncio
import random
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tools.rush.cafe import Cafe, Closing, code_of
from tools.rush.screen import Screen

MAKING_SECONDS = (0.5, 2.5)
PICK_UP_SECONDS = (0.2, 1.5)
RECALLS = 0.04
CANCELS = 0.02
CLOSING_STEPS = {"ordered": "cancel", "preparing": "cancel", "ready": "serve"}
CLOSING_ATTEMPTS = 5
NO_MORE = ""


@dataclass
class Kitchen:
    """Takes only orders of the rush; other orders of the café are left alone."""

    cafe: Cafe
    screen: Screen
    dice: random.Random
    stations: int
    pace: float
    _tickets: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    _finished: set[str] = field(default_factory=set)

    def take(self, order_number: str) -> None:
        """Adds an order of the rush."""
        self._tickets.put_nowait(order_number)

    async def work(self) -> None:
        """Runs all stations until the rush ends."""
        async with asyncio.TaskGroup() as stations:
            for _ in range(self.stations):
                stations.create_task(self._station())
            await self.cafe.enough.wait()
            for _ in range(self.stations):
                self._tickets.put_nowait(NO_MORE)

    async def _station(self) -> None:
        try:
            while (number := await self._tickets.get()) != NO_MORE:
                await self.screen.until(lambda _, number=number: self.screen.shows(number) is not None)  # type: ignore[misc]
                await self._make(number)
        except Closing:
            return

    async def _make(self, number: str) -> None:
        recalled = False
        while (status := self._status(number)) in CLOSING_STEPS:
            if status == "ordered":
                step = "cancel" if self.dice.random() < CANCELS else "start"
            else:
                seconds = MAKING_SECONDS if status == "preparing" else PICK_UP_SECONDS
                await self.cafe.pause(self.dice.uniform(*seconds) * self.pace)
                goes_on = "ready" if status == "preparing" else "serve"
                step = "recall" if not recalled and self.dice.random() < RECALLS else goes_on
                recalled = recalled or step == "recall"
            order = await self._step(number, step)
            if order is not None:
                self.cafe.tally.recalled += step == "recall"
                if step == "ready" and not recalled:
                    self.cafe.tally.waited(order)
                version = order["version"]
                await self.screen.until(lambda _, version=version: self._version(number) >= version)  # type: ignore[misc]
        self._finish(number, status)

    async def _step(self, number: str, step: str) -> dict[str, Any] | None:
        """The order after a step; None where another station or person took it first."""
        headers = {**self.cafe.staff, "If-Match": f'"v{self._version(number)}"'}
        answer = await self.cafe.ask("POST", f"/api/kitchen/orders/{quote(number)}/{step}", headers)
        if answer.status_code != 200:
            self.cafe.tally.refused[code_of(answer)] += 1
            await self.cafe.pause(0.1)
            return None
        order: dict[str, Any] = answer.json()
        self.cafe.tally.note(f"{step} {uuid.uuid4()}", order)
        return order

    def _status(self, number: str) -> str:
        return self.screen.shows(number) or "ordered"

    def _version(self, number: str) -> int:
        seen = self.screen.stream.orders.get(number)
        return seen.version if seen else 1

    def _finish(self, number: str, status: str) -> None:
        self._finished.add(number)
        self.cafe.tally.ended[status] += 1

    async def close(self) -> None:
        """Finishes all orders of the rush: serves what is ready and cancels the rest."""
        for number in self.cafe.tally.placed - self._finished:
            for _ in range(CLOSING_ATTEMPTS):
                answer = await self.cafe.http.get(f"{self.cafe.frontend}/api/orders/{quote(number)}")
                status = answer.json().get("status", "")
                if status not in CLOSING_STEPS:
                    break
                path = f"/api/kitchen/orders/{quote(number)}/{CLOSING_STEPS[status]}"
                done = await self.cafe.http.post(self.cafe.frontend + path, headers=self.cafe.staff)
                if done.status_code == 200:
                    self.cafe.tally.note(f"closing {uuid.uuid4()}", done.json())
            if status in ("served", "cancelled"):
                self._finish(number, status)
