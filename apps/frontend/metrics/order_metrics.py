"""What guests order and how long they wait, counted as the board hears of it: each frontend counts the whole café.

No money is counted: whoever may read /metrics need not learn what the café earns.
"""

from datetime import datetime

import msgspec
from prometheus_client import Counter, Histogram

from apps.domain.lifecycle import Status
from apps.frontend.streams.menu import Menu
from apps.frontend.streams.order_entry import OrderEntry
from apps.live.entry import Change
from apps.live.metrics import live

MINUTES = (0.5, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 60)
BUCKETS = tuple(60 * minutes for minutes in MINUTES)

steps = Counter("cafe_order_steps_total", "Orders that came into a status.", ["to"], registry=live)
placed = Counter("cafe_orders_placed_total", "New orders.", registry=live)
ordered_items = Counter("cafe_ordered_items_total", "What new orders are of, in units.", ["item"], registry=live)
waiting = Histogram(
    "cafe_waiting_seconds", "How long an order took from ordered to ready.", buckets=BUCKETS, registry=live
)
pickup = Histogram(
    "cafe_pickup_seconds", "How long an order lay ready until it was served.", buckets=BUCKETS, registry=live
)
for _status in Status:
    steps.labels(_status)


class _Line(msgspec.Struct):
    id: int
    quantity: int


class _Ordered(msgspec.Struct):
    items: list[_Line]


_ordered = msgspec.json.Decoder(_Ordered)


def count(before: OrderEntry | None, change: Change[OrderEntry], menu: Menu | None) -> None:
    """Counts a change that was applied; `before` is the order as it was on the board."""
    now = change.entry
    if now.version == 1:
        _count_new(now, menu)
    if before is not None and before.status is now.status:
        return
    steps.labels(now.status).inc()
    if before is None:
        return
    if now.status is Status.READY and before.status in (Status.ORDERED, Status.PREPARING):
        waiting.observe(_seconds(now.ordered_at, now.since))
    elif now.status is Status.SERVED and before.status is Status.READY:
        pickup.observe(_seconds(before.since, now.since))


def _count_new(entry: OrderEntry, menu: Menu | None) -> None:
    placed.inc()
    try:
        order = _ordered.decode(entry.raw)
    except msgspec.DecodeError:  # psql may write lines that are not ours
        return
    names = menu.names if menu else {}
    for line in order.items:
        ordered_items.labels(names.get(line.id, "other")).inc(max(0, line.quantity))


def _seconds(since: str, until: str) -> float:
    return max(0.0, (datetime.fromisoformat(until) - datetime.fromisoformat(since)).total_seconds())
