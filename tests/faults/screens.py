"""Judges what an observer shows in the end against the table."""

from collections.abc import Iterator

from apps.domain.lifecycle import ACTIVE
from tests.faults.history import DISPLAY, KITCHEN, Observer, Row

IN_THE_LOBBY = ("preparing", "ready")


def differences(observer: Observer, table: list[Row]) -> Iterator[str]:
    """What an observer shows and the table does not hold, and the other way round."""
    should = wanted(observer, table)
    for key in should.keys() | _shown(observer).keys():
        shown, right = _shown(observer).get(key), should.get(key)
        if shown != right:
            yield f"{key} is shown as {shown}, should be {right}"


def wanted(observer: Observer, table: list[Row]) -> dict[str, tuple[str, int]]:
    """What this observer should show now, by order number, or by pickup number in the lobby (without versions)."""
    match observer.audience:
        case audience if audience == KITCHEN:
            return {row.order_number: (row.status, row.version) for row in table if row.status in ACTIVE}
        case audience if audience == DISPLAY:
            newest = {row.pickup_number: row for row in sorted(table, key=lambda row: row.id)}
            return {key: (row.status, 0) for key, row in newest.items() if row.status in IN_THE_LOBBY}
        case number:
            return {row.order_number: (row.status, row.version) for row in table if row.order_number == number}


def _shown(observer: Observer) -> dict[str, tuple[str, int]]:
    match observer.audience:
        case audience if audience == KITCHEN:
            statuses: tuple[str, ...] | None = tuple(ACTIVE)
        case audience if audience == DISPLAY:
            statuses = IN_THE_LOBBY
        case _:
            statuses = None
    return {key: state for key, state in observer.screen.items() if statuses is None or state[0] in statuses}
