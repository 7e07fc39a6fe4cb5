"""Random histories of a café, and what a client makes of a stream."""

import json
from typing import Any

from hypothesis import strategies as st

from apps.domain.lifecycle import FOLLOWING, Status
from apps.frontend.streams.order_board import OrderBoard
from apps.frontend.streams.order_entry import OrderEntry, parse_entry
from apps.kit.web.encoding import to_json
from apps.live.entry import Change, State
from apps.live.message import Message

TIMES = ("ordered_at", "preparing_at", "ready_at", "served_at", "cancelled_at")


def entry_json(order: int, status: Status, version: int, seq: int) -> bytes:
    """An order as the database writes it; every third pickup number comes again, as on another day."""
    moment = f"2026-11-22T09:00:{seq % 60:02d}.{seq:06d}Z"
    times = {name: (moment if name == f"{status}_at" else None) for name in TIMES}
    return to_json(
        {
            "id": order,
            "order_number": f"{order % 3:03d}-{order}",
            "pickup_number": f"{order % 3:03d}",
            "customer_name": "Ana",
            "items": [],
            "total_price": 1,
            "status": status,
            "version": version,
            "created_at": moment,
            "updated_at": moment,
            **times,
        }
    )


@st.composite
def histories(draw: st.DrawFn) -> list[Change[OrderEntry]]:
    """Legal histories of up to eight orders, interleaved."""
    alive: dict[int, tuple[Status, int]] = {}
    changes: list[Change[OrderEntry]] = []
    for seq in range(1, draw(st.integers(0, 40)) + 1):
        movable = [order for order, (status, _) in alive.items() if FOLLOWING[status]]
        if len(alive) < 8 and (not movable or draw(st.booleans())):
            order, status, version = len(alive) + 1, Status.ORDERED, 1
        elif movable:
            order = draw(st.sampled_from(movable))
            status, version = draw(st.sampled_from(FOLLOWING[alive[order][0]])), alive[order][1] + 1
        else:
            break
        alive[order] = (status, version)
        changes.append(Change(seq, "2026-11-22T09:00:00.000000Z", parse_entry(entry_json(order, status, version, seq))))
    return changes


def board_at(changes: list[Change[OrderEntry]], seq: int) -> OrderBoard:
    """The board after the first `seq` changes, applied one by one."""
    board = OrderBoard(State("epoch", 0, []))
    for change in changes[:seq]:
        board.apply(change)
    return board


class Client:
    """Keeps state by the messages alone, as the contract says; `key` names an order in this audience's view."""

    def __init__(self, key: str, shown: frozenset[str]) -> None:
        self.key = key
        self.shown = shown
        self.state: dict[str, dict[str, Any]] = {}
        self.seq = -1

    def take(self, message: Message) -> None:
        document = json.loads(message.json)
        match document["type"]:
            case "snapshot":
                self.state = {order[self.key]: order for order in document["orders"]}
                self.seq = document["seq"]
            case "change" if document["seq"] > self.seq:
                order = document["order"]
                self.state[order[self.key]] = order
                self.seq = document["seq"]

    def sees(self) -> dict[str, dict[str, Any]]:
        return {key: order for key, order in self.state.items() if order["status"] in self.shown}


class Recorder:
    """A sink that keeps what it is sent."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def send(self, message: Message) -> None:
        self.messages.append(message)

    def backlog(self) -> float:
        """Nothing is ever unread."""
        return 0.0

    def close(self, code: int) -> None:
        """Nothing to close."""
