"""A customer bot: reads the menu, orders, and follows the order until it is served."""

import random
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from tools.rush.cafe import Cafe, Closing, code_of
from tools.rush.kitchen import Kitchen
from tools.rush.screen import Screen, watching
from tools.rush.stream import Audience, Stream

NAMES = (
    "Ana",
    "Bruno",
    "Chloé",
    "Emre",
    "Fatou",
    "Giulia",
    "Hikari",
    "Inês",
    "Jürgen",
    "Léa",
    "Miłosz",
    "Noor",
    "Søren",
)
NOTES = ("very hot, please", "no sugar", "for the table outside", "in a mug to take away", "I am in a force_stop")
LINES = (1, 1, 1, 2, 2, 3, 4)
LOOKS_AT_MENU_SECONDS = (0.5, 3.0)
HAS_A_NOTE = 0.2
SENDS_TWICE = 0.05
CHANGES_THEIR_MIND = 0.04
TRIES = 5


@dataclass
class Customer:
    """One customer; `pace` is the factor on their waiting times."""

    cafe: Cafe
    kitchen: Kitchen
    streams: list[Stream]
    dice: random.Random
    pace: float

    async def visit(self, after_seconds: float) -> None:
        """Starts after so many seconds; ends with or without an order, or because the rush ends."""
        try:
            await self.cafe.pause(after_seconds)
            self.cafe.tally.came += 1
            await self.cafe.ask("GET", "/", {})
            order = await self._order()
            if order is not None:
                self.kitchen.take(order["order_number"])
                await self._follow(order)
        except Closing:
            return

    async def _order(self) -> dict[str, Any] | None:
        """The placed order; None where nothing could be ordered."""
        for _ in range(TRIES):
            menu = (await self.cafe.ask("GET", "/api/menu", self.cafe.customer_headers)).raise_for_status().json()
            await self.cafe.pause(self.dice.uniform(*LOOKS_AT_MENU_SECONDS) * self.pace)
            wish = str(uuid.UUID(int=self.dice.getrandbits(128), version=4))
            cart, headers = self._cart(menu["items"]), {**self.cafe.customer_headers, "Idempotency-Key": wish}
            for _ in range(2 if self.dice.random() < SENDS_TWICE else 1):
                answer = await self.cafe.ask("POST", "/api/orders", headers, json=cart)
                if answer.status_code == 201:
                    self.cafe.tally.sent_twice += "Idempotent-Replayed" in answer.headers
                    self.cafe.tally.note(wish, answer.json())
            if answer.status_code == 201:
                order: dict[str, Any] = answer.json()
                return order
            self.cafe.tally.refused[code_of(answer)] += 1
        return None

    def _cart(self, items: list[dict[str, Any]]) -> dict[str, Any]:
        available = [item for item in items if item["available"]] or items
        return {
            "customer_name": self.dice.choice(NAMES),
            "items": [self._line(self.dice.choice(available)) for _ in range(self.dice.choice(LINES))],
        }

    def _line(self, item: dict[str, Any]) -> dict[str, Any]:
        options = [
            {"option": option["id"], "choice": self.dice.choice(option["choices"])["id"]} for option in item["options"]
        ]
        notes = self.dice.choice(NOTES) if self.dice.random() < HAS_A_NOTE else ""
        return {"id": item["id"], "quantity": self.dice.choice((1, 1, 1, 2)), "options": options, "notes": notes}

    async def _follow(self, order: dict[str, Any]) -> None:
        number = order["order_number"]
        stream = Stream(f"customer {order['pickup_number']}", Audience.CUSTOMER, number)
        self.streams.append(stream)
        async with watching(self.cafe, stream) as phone:
            try:
                await self._until_handed_over(phone, number)
                stream.stayed = False
            except Closing:
                # stays connected, so that the verdict can check that it got every change
                await self.cafe.judged.wait()

    async def _until_handed_over(self, phone: Screen, number: str) -> None:
        if self.dice.random() < CHANGES_THEIR_MIND:
            await phone.until(lambda _: phone.shows(number) is not None)
            answer = await self.cafe.ask("POST", f"/api/orders/{quote(number)}/cancel", self.cafe.customer_headers)
            if answer.status_code == 200:
                self.cafe.tally.note(f"cancel {number}", answer.json())
            else:
                self.cafe.tally.refused[code_of(answer)] += 1
        await phone.until(lambda _: phone.shows(number) in ("served", "cancelled"))
