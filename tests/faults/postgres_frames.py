"""Takes single notifications out of PostgreSQL's stream of messages, and leaves the rest whole."""

from collections.abc import Callable

NOTIFICATION = ord("A")
NO_ENCRYPTION = b"N"
HEADER = 5


class Thief:
    """Follows one connection's messages to the client (https://www.postgresql.org/docs/current/protocol-overview.html).

    `steals` is asked once for each NotificationResponse whether it shall disappear.
    """

    def __init__(self, steals: Callable[[], bool]) -> None:
        self._steals = steals
        self._begun = False
        self._rest = b""

    def pass_on(self, data: bytes) -> bytes:
        """The whole messages in what has come so far, without the stolen ones."""
        self._rest += data
        passed = bytearray()
        if not self._begun and self._rest:
            self._begun = True
            if self._rest[:1] == NO_ENCRYPTION:  # the one answer without a length: to the question for TLS
                passed += NO_ENCRYPTION
                self._rest = self._rest[1:]
        while len(self._rest) >= HEADER:
            end = 1 + int.from_bytes(self._rest[1:HEADER], "big")
            if len(self._rest) < end:
                break
            message, self._rest = self._rest[:end], self._rest[end:]
            if message[0] != NOTIFICATION or not self._steals():
                passed += message
        return bytes(passed)
