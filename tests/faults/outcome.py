"""What a storm was, for the report."""

from collections import defaultdict
from dataclasses import dataclass, field


@dataclass
class Outcome:
    """Strikes by name, and seconds to all-right after rounds of one kind."""

    seed: int
    faults_by_kind: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    seconds_to_right: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    rounds: int = 0
    seconds: float = 0.0
    writes: int = 0
    attempts: int = 0
    replays: int = 0
    messages: int = 0
    watchers: int = 0
    steps_back: int = 0

    @property
    def faults(self) -> int:
        return sum(self.faults_by_kind.values())
