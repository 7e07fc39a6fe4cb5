"""Whether the board may be called live: computed from its last proof, so whatever stops proving makes it stale."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from apps.kit.web.encoding import utc_text

PROVED_FOR_SECONDS = 3.5
"""How long a proof counts. The log is read every 0.8 s; with what follows, screens are told within 5 s."""


@dataclass
class Proof:
    """When the board was last compared with the log; `clock` is monotonic, in seconds."""

    clock: Callable[[], float] = time.monotonic
    counts_for_seconds: float = PROVED_FOR_SECONDS
    _proved_at: float = field(default=float("-inf"), init=False)

    def prove(self, asked_at: float) -> None:
        """The log, read at `asked_at` (by `clock`) or later, holds what the board holds."""
        self._proved_at = max(self._proved_at, asked_at)

    def revoke(self) -> None:
        """The board is known not to be complete any more."""
        self._proved_at = float("-inf")

    @property
    def age_seconds(self) -> float:
        """Since the last proof; infinite before the first."""
        return self.clock() - self._proved_at

    @property
    def counts(self) -> bool:
        """Whether the board may be called live."""
        return self.age_seconds <= self.counts_for_seconds

    def since(self) -> str | None:
        """Since when the board may be out of date, as UTC; None while it is live."""
        if self.counts:
            return None
        age = min(self.age_seconds, timedelta(days=365).total_seconds())
        return utc_text(datetime.now(UTC) - timedelta(seconds=age))
