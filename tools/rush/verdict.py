"""Compares what screens received and what was answered with the database's event log."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from tools.rush.stream import Audience, Seen, Stream


@dataclass(frozen=True)
class Answered:
    """A write that was answered with success; retries of one write share their `wish`."""

    wish: str
    order_number: str
    version: int
    status: str


@dataclass(frozen=True)
class Logged:
    """An event of the log."""

    seq: int
    order_number: str
    pickup_number: str
    version: int
    status: str


def logged(event: dict[str, Any]) -> Logged:
    """Parses an event of `GET /orders/events`."""
    order = event["order"]
    return Logged(event["seq"], order["order_number"], order["pickup_number"], order["version"], order["status"])


@dataclass(frozen=True)
class Log:
    """The events since the screens were opened, and the head that each screen should have reached."""

    lines: list[Logged]
    due: int


def violations(log: Log | None, answered: Iterable[Answered], streams: Iterable[Stream]) -> list[str]:
    """All violations as sentences without order numbers; without a log, those that show without one."""
    answered, streams = list(answered), list(streams)
    found = [fault for stream in streams for fault in stream.faults]
    found += _doubled_orders(answered)
    if log is not None:
        found += _holes(log.lines)
        found += _lost_writes(log.lines, answered)
        found += [fault for stream in streams for fault in _against(log, stream)]
    return found


def _doubled_orders(answered: list[Answered]) -> Iterator[str]:
    made: dict[str, set[str]] = {}
    for write in answered:
        made.setdefault(write.wish, set()).add(write.order_number)
    for numbers in made.values():
        if len(numbers) > 1:
            yield f"one cart made {len(numbers)} orders"


def _holes(log: list[Logged]) -> Iterator[str]:
    versions: Counter[str] = Counter()
    for due, line in enumerate(log, start=log[0].seq if log else 0):
        if line.seq != due:
            yield f"the log has seq {line.seq} where {due} was due"
            return
        known = versions.get(line.order_number)
        if known is not None and line.version != known + 1:
            yield f"the log has version {line.version} of {line.pickup_number} after {known}"
        versions[line.order_number] = line.version


def _lost_writes(log: list[Logged], answered: list[Answered]) -> Iterator[str]:
    there = {(line.order_number, line.version): line.status for line in log}
    for write in answered:
        if there.get((write.order_number, write.version)) != write.status:
            pickup = write.order_number.partition("-")[0]
            yield f"{pickup} was answered as {write.status} (version {write.version}), and the log has it not"


def _against(log: Log, stream: Stream) -> Iterator[str]:
    """A screen gets exactly the committed changes; one that stayed, up to the head."""
    committed = _committed(log.lines, stream)
    taken_over = _old(log.lines) if stream.audience is Audience.DISPLAY else set()
    for position, seen in stream.changes.items():
        if position > stream.begins_at and position not in taken_over and committed.get(position) != seen:
            yield f"{stream.name}: was env {_words(seen)} at {position}, the log has {_words(committed.get(position))}"
    due = max((line.version for line in log.lines if _is_about(stream, line) and line.seq <= log.due), default=0)
    due = log.due if stream.whole else due
    if stream.stayed and stream.position < due:
        yield f"{stream.name}: is at {stream.position} in the end, {due} was committed"


def _committed(lines: list[Logged], stream: Stream) -> dict[int, Seen]:
    """The changes that this screen should get, by its own positions."""
    match stream.audience:
        case Audience.KITCHEN:
            return {line.seq: Seen(line.order_number, line.status, line.version) for line in lines}
        case Audience.DISPLAY:
            return {line.seq: Seen(line.pickup_number, line.status, 0) for line in lines}
        case Audience.CUSTOMER:
            return {
                line.version: Seen(line.order_number, line.status, line.version)
                for line in lines
                if _is_about(stream, line)
            }


def _old(lines: list[Logged]) -> set[int]:
    """Changes of orders from before the rush: on the display, a newer order may have their pickup number."""
    born = {line.order_number for line in lines if line.version == 1}
    return {line.seq for line in lines if line.order_number not in born}


def _is_about(stream: Stream, line: Logged) -> bool:
    return line.order_number == stream.order_number


def _words(seen: Seen | None) -> str:
    if seen is None:
        return "nothing"
    pickup = seen.name.partition("-")[0]
    return f"{pickup} {seen.status}" + (f" (version {seen.version})" if seen.version else "")
