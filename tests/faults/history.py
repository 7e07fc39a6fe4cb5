"""What a run leaves behind: what was acknowledged, what the database holds, and what every observer was told."""

from dataclasses import dataclass, field
from enum import StrEnum

KITCHEN = "kitchen"
DISPLAY = "display"


class Kind(StrEnum):
    """What an observer was told, or what became of its connection."""

    SNAPSHOT = "snapshot"
    RESUMED = "resumed"
    CHANGE = "change"
    HEARTBEAT = "heartbeat"
    STALE = "stale"
    POLLED = "polled"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A write that was answered with success; `key` is the same for every attempt at one wish."""

    key: str
    order_number: str
    version: int
    status: str
    customer_name: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """A row of the log; `at` is the second of its commit."""

    seq: int
    order_number: str
    version: int
    status: str
    at: float
    actor: str


@dataclass(frozen=True, slots=True)
class Row:
    """An order as the table holds it at the end."""

    id: int
    order_number: str
    pickup_number: str
    customer_name: str
    status: str
    version: int


@dataclass(frozen=True, slots=True)
class Told:
    """One message as an observer got it, with the position it is at after taking it.

    `position` is a seq on the kitchen's and the display's streams and the order's version on a customer's.
    """

    at: float
    kind: Kind
    epoch: str = ""
    position: int = 0
    missed: int = 0


@dataclass
class Observer:
    """What one client saw, from its first connection to the end.

    `screen` is order or pickup number → (status, version); `audience` is KITCHEN, DISPLAY or an order's number;
    `stayed` says that it was there at the end.
    """

    name: str
    audience: str
    polls: bool = False
    told: list[Told] = field(default_factory=list)
    screen: dict[str, tuple[str, int]] = field(default_factory=dict)
    stayed: bool = True


@dataclass
class History:
    """Everything the checker judges."""

    epoch: str
    acknowledged: list[Acknowledged] = field(default_factory=list)
    log: list[Event] = field(default_factory=list)
    table: list[Row] = field(default_factory=list)
    observers: list[Observer] = field(default_factory=list)
