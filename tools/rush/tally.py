"""The counts of a rush and their summary."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tools.rush.verdict import Answered


@dataclass
class Tally:
    """The counters that all bots share."""

    came: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    answered: list[Answered] = field(default_factory=list)
    placed: set[str] = field(default_factory=set)
    sent_twice: int = 0
    recalled: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    waiting_seconds: list[float] = field(default_factory=list)
    delays_seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    connections: Counter[str] = field(default_factory=Counter)

    def note(self, wish: str, order: dict[str, Any]) -> None:
        """Records an order of a successful answer."""
        self.answered.append(Answered(wish, order["order_number"], order["version"], order["status"]))
        self.placed.add(order["order_number"])

    def waited(self, order: dict[str, Any]) -> None:
        """Records how long an order took until it was ready."""
        ordered, ready = (datetime.fromisoformat(order[moment]) for moment in ("ordered_at", "ready_at"))
        self.waiting_seconds.append((ready - ordered).total_seconds())

    def line(self, customers: int) -> str:
        """One line of progress."""
        in_work = len(self.placed) - sum(self.ended.values())
        return (
            f"{self.came}/{customers} came, {len(self.placed)} orders placed, {in_work} in work, "
            f"{self.ended['served']} served"
        )

    def summary(self) -> list[str]:
        """The lines of the summary, without the verdict."""
        open_still = len(self.placed) - sum(self.ended.values())
        cancelled = self.ended["cancelled"]
        return [
            f"customers     {self.came} came",
            f"orders        {len(self.placed)} placed, {self.ended['served']} served, {cancelled} cancelled"
            + (f", {open_still} left open" if open_still else ""),
            f"              {self.recalled} recalled, {self.sent_twice} sent twice on purpose",
            "refused       " + (_counted(self.refused) or "nothing"),
            f"waiting       ordered to ready: {_centiles(self.waiting_seconds, 1, 's', (50, 90))}",
            *(
                f"{'on screen' if not row else '':<14}{name:<9} {len(delays):>6} changes, after the commit: "
                + _centiles(delays, 1000, "ms", (50, 99))
                for row, (name, delays) in enumerate(sorted(self.delays_seconds.items()))
            ),
            "connections   " + (_counted(self.connections) or "none"),
        ]


def _counted(counter: Counter[str]) -> str:
    return ", ".join(f"{count} × {what}" for what, count in counter.most_common())


def centile(values: list[float], wanted: int) -> float:
    """The nearest-rank percentile (https://en.wikipedia.org/wiki/Percentile) of a list that is not empty."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * wanted // 100) - 1)]


def _centiles(seconds: list[float], factor: int, unit: str, wanted: tuple[int, ...]) -> str:
    if not seconds:
        return "–"
    return ", ".join(f"p{each} {centile(seconds, each) * factor:.1f} {unit}" for each in wanted)
