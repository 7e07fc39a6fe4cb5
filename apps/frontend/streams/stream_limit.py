"""How many live streams there may be at once: in all, and from one address."""

import contextlib
from collections import Counter
from collections.abc import Iterator

from apps.kit.errors import Unavailable
from apps.kit.server.connection_limits import is_live_stream
from apps.kit.web.rate_limits import network
from apps.live import metrics

COME_BACK_IN_SECONDS = 30


class Full(Unavailable):
    """So many live connections are open that there is no room for another; please poll, or try again in a while."""

    code = "too_many_connections"

    def __init__(self) -> None:
        super().__init__(retry_after=COME_BACK_IN_SECONDS)


class StreamLimit:
    """Counts who sits where; a whole café may share one address, and who has an IPv6 one has the whole /64."""

    def __init__(self, most: int, most_from_one_address: int) -> None:
        self._most = most
        self._most_from_one_address = most_from_one_address
        self._taken: Counter[str] = Counter()
        self._all = 0

    def check(self, address: str) -> None:
        """Raises Full where there is no seat for somebody from there."""
        if self._all >= self._most or self._taken[network(address)] >= self._most_from_one_address:
            metrics.turned_away.inc()
            raise Full

    @contextlib.contextmanager
    def taken(self, address: str) -> Iterator[None]:
        """Takes a seat for as long as it lasts. Raises Full."""
        self.check(address)
        where = network(address)
        self._all += 1
        self._taken[where] += 1
        try:
            with is_live_stream():
                yield
        finally:
            self._all -= 1
            self._taken[where] -= 1
            if not self._taken[where]:
                del self._taken[where]
