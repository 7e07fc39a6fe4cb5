"""A screen as the contract wants it: it resumes, sees gaps, drops what is not newer, and knows when it is stale."""

import time
from dataclasses import dataclass, field
from typing import Any

from tests.faults.history import DISPLAY, KITCHEN, Kind, Observer, Told

SILENCE_SECONDS = 25.0


class Reconnect(Exception):
    """The stream has a gap: come back with the last position."""


@dataclass
class Client:
    """What one audience's client knows; each message it takes goes into its record."""

    record: Observer
    epoch: str = ""
    seq: int = 0
    live: bool = False
    heard_at: float = float("-inf")
    steps_back: int = 0
    dropped: int = 0
    opened: int = 0
    close_codes: list[int] = field(default_factory=list)
    _versions: dict[str, int] = field(default_factory=dict)

    @property
    def audience(self) -> str:
        return self.record.audience

    @property
    def _whole(self) -> bool:
        return self.audience in (KITCHEN, DISPLAY)

    @property
    def position(self) -> int:
        """The seq it is complete to; on a customer's stream the order's version."""
        return self.seq if self._whole else self._versions.get(self.audience, 0)

    def believes_itself_live(self) -> bool:
        return self.live and time.time() - self.heard_at < SILENCE_SECONDS

    def take(self, message: dict[str, Any]) -> None:
        """Applies a message. Raises Reconnect where it is not the next."""
        self.heard_at = time.time()
        match message["type"]:
            case "snapshot":
                self._replace(message)
            case "resumed":
                self.live = True
                self.opened += 1
                self._note(Kind.RESUMED, self._resumed_at(message["seq"]), message["missed"])
            case "change":
                self._apply(message)
            case "heartbeat":
                self.live = True
                self._note(Kind.HEARTBEAT, message["seq"] if self._whole else 0)
                if self._whole and message["seq"] != self.seq:
                    raise Reconnect
                self.seq = max(self.seq, message["seq"])
            case "stale":
                self.live = False
                self._note(Kind.STALE, self.position)

    def closed(self) -> None:
        """The connection is gone."""
        self.live = False
        self._note(Kind.CLOSED, self.position)

    def polled(self, epoch: str, seq: int, orders: list[dict[str, Any]] | None, *, stale: bool) -> None:
        """The answer to a poll; None where it is as before."""
        self.heard_at, self.live = time.time(), not stale
        if orders is not None:
            self._show(orders)
        self.epoch, self.seq = epoch or self.epoch, seq
        self._note(Kind.STALE if stale else Kind.POLLED, self.position)

    def _resumed_at(self, seq: int) -> int:
        return seq if self._whole else self.position

    def _replace(self, message: dict[str, Any]) -> None:
        before = self.position if message["epoch"] == self.epoch else 0
        self._show(message["orders"])
        self.epoch, self.seq, self.live = message["epoch"], message["seq"], True
        self.opened += 1
        self.steps_back += self.position < before
        self._note(Kind.SNAPSHOT, self.position)

    def _show(self, orders: list[dict[str, Any]]) -> None:
        self.record.screen.clear()
        self._versions.clear()
        for order in orders:
            self._put(order)

    def _apply(self, message: dict[str, Any]) -> None:
        order, seq = message["order"], message["seq"]
        position = seq if self._whole else order["version"]
        before = self.position
        self._note(Kind.CHANGE, position, epoch=message["epoch"])
        if position <= before:
            self.dropped += 1
            return
        if position != before + 1:
            raise Reconnect
        self._put(order)
        self.seq = max(self.seq, seq)

    def _put(self, order: dict[str, Any]) -> None:
        key = order["pickup_number"] if self.audience == DISPLAY else order["order_number"]
        version = order.get("version", 0)
        if version < self._versions.get(key, 0):
            return
        self._versions[key] = version
        self.record.screen[key] = (order["status"], version)

    def _note(self, kind: Kind, position: int, missed: int = 0, epoch: str = "") -> None:
        self.record.told.append(Told(time.time(), kind, epoch or self.epoch, position, missed))
