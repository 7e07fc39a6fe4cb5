"""How much a client may leave unread before it is too slow."""


class Backlog:
    """Allows `most`, on top of what a client was given at once when it joined; that grant melts as it is read.

    Without the grant a long resumption, or the snapshot of a busy day, would make a client too slow that had no time
    to read anything yet.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._granted: int | None = None

    def joined(self, unread: int) -> None:
        """The client has been given the present; from now on it must keep up."""
        self._granted = unread

    def used(self, unread: int) -> float:
        """How much of what the client may be behind is used, with so much unread: at 1 it is too slow."""
        return 0.0 if self._granted is None else max(0.0, (unread - self._granted) / self._most)

    def is_too_much(self, unread: int) -> bool:
        """Whether the client is too slow with so much unread."""
        if self._granted is None:
            return False
        self._granted = min(self._granted, unread)
        return unread > self._granted + self._most
