"""Checks one live stream: messages in order, none twice, resumed without a gap."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

MOST_FAULTS_KEPT = 20


class Audience(StrEnum):
    """Whose stream it is."""

    KITCHEN = "kitchen"
    DISPLAY = "display"
    CUSTOMER = "customer"


@dataclass(frozen=True)
class Seen:
    """A change as a screen received it; the display gets the pickup number, and no version."""

    name: str
    status: str
    version: int


@dataclass
class Stream:
    """What one screen received, over all its connections; `stayed` where it was connected to the end.

    The kitchen's and the display's position is the café's `seq`, a customer's is the order's `version`.
    """

    name: str
    audience: Audience
    order_number: str = ""
    stayed: bool = True
    epoch: str = ""
    seq: int = 0
    position: int = 0
    faults: list[str] = field(default_factory=list)
    changes: dict[int, Seen] = field(default_factory=dict)
    orders: dict[str, Seen] = field(default_factory=dict)
    snapshots: int = 0
    resumed: int = 0
    begins_at: int = -1
    _connected: bool = False
    _promised: int = 0
    _joined_at: int = 0

    @property
    def whole(self) -> bool:
        """Whether this stream gets every change of the café."""
        return self.audience is not Audience.CUSTOMER

    def take(self, message: dict[str, Any]) -> None:
        """Checks a message and applies it."""
        if message["type"] in ("menu", "stale"):
            return
        if self.epoch and message["epoch"] != self.epoch:
            self.fault("the café began another history meanwhile")
        self.epoch = message["epoch"]
        match message["type"]:
            case "snapshot":
                self._snapshot(message)
            case "resumed":
                self._resume(message)
            case "change":
                self._change(message)
            case "heartbeat":
                self._heartbeat(message)

    def lost(self) -> None:
        """Notes that the connection ended; the next one has to begin with a snapshot or `resumed`."""
        self._connected = False
        self._promised = 0

    def _snapshot(self, message: dict[str, Any]) -> None:
        if self._connected and message["seq"] < self.seq:
            self.fault(f"a snapshot went back from {self.seq} to {message['seq']}")
        # another frontend may be behind the previous one: then its changes follow
        self._connected, self._promised = True, 0
        self.snapshots += 1
        self.seq = message["seq"]
        self.orders = {seen.name: seen for seen in map(_seen, message["orders"])}
        newest = max((seen.version for seen in self.orders.values()), default=0)
        self.position = self._joined_at = self.seq if self.whole else newest
        if self.begins_at < 0:
            self.begins_at = self.position

    def _resume(self, message: dict[str, Any]) -> None:
        if message["seq"] != self.seq:
            self.fault(f"resumed from {message['seq']}, was at {self.seq}")
        self._connected, self._promised, self._joined_at = True, message["missed"], self.position
        self.resumed += 1

    def _change(self, message: dict[str, Any]) -> None:
        seen = _seen(message["order"])
        position = message["seq"] if self.whole else seen.version
        if not self._connected:
            self.fault(f"change {position} came before a snapshot")
        # a customer may get an order before the board has it, and then the same version once more
        repeated = not self.whole and position <= self._joined_at
        if not repeated and position != self.position + 1:
            self.fault(f"{_wrong(position, self.position)}: {position} after {self.position}")
        before = self.orders.get(seen.name)
        if self.audience is Audience.KITCHEN and before and seen.version != before.version + 1:
            self.fault(f"version {seen.version} of {message['order']['pickup_number']} after {before.version}")
        self._promised = max(0, self._promised - 1)
        self.changes[position] = seen
        if not repeated:
            self.orders[seen.name] = seen
        self.position, self.seq = max(self.position, position), max(self.seq, message["seq"])

    def _heartbeat(self, message: dict[str, Any]) -> None:
        if self._promised:
            self.fault(f"{self._promised} of the missed changes never came")
            self._promised = 0
        if self.whole and message["seq"] != self.position:
            self.fault(f"a heartbeat says {message['seq']}, the stream is at {self.position}")
        self.seq = max(self.seq, message["seq"])

    def fault(self, what: str) -> None:
        """Records a violation; only the first ones are kept."""
        if len(self.faults) < MOST_FAULTS_KEPT:
            self.faults.append(f"{self.name}: {what}")


def _seen(order: dict[str, Any]) -> Seen:
    return Seen(str(order.get("order_number") or order["pickup_number"]), order["status"], order.get("version", 0))


def _wrong(position: int, before: int) -> str:
    if position > before + 1:
        return "a hole"
    return "doubled" if position == before else "out of order"
