"""The staff password as an argon2id hash (RFC 9106), verified in a thread, two at a time."""

import asyncio
from dataclasses import dataclass, field

from argon2 import PasswordHasher, Type, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

from apps.kit.errors import Unavailable

# OWASP's password storage cheat sheet: 19 MiB, two passes, one lane. Two at a time are 38 MiB and two cores.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
AT_A_TIME = 2
MOST_WAITING = 20


class Busy(Unavailable):
    """Many are signing in just now; please try again in a moment."""

    code = "busy"


def hashed(password: str) -> str:
    """An argon2id hash: of a plain password, or the one that was given. Raises ValueError where it is another kind."""
    if not password.startswith("$argon2"):
        return HASHER.hash(password)
    try:
        known = extract_parameters(password)
    except InvalidHashError as error:
        raise ValueError("it begins like an argon2 hash, but is none") from error
    if known.type is not Type.ID:
        raise ValueError("of the argon2 hashes only argon2id is taken")
    return password


@dataclass
class Password:
    """A hash to verify passwords against; an empty hash matches nothing."""

    hash: str
    _turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_A_TIME))
    _waiting: int = 0

    async def matches(self, attempt: str) -> bool:
        """Whether that is the password. Raises Busy where too many verifications are waiting."""
        if self._waiting >= MOST_WAITING:
            raise Busy
        self._waiting += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(self._compare, attempt)
        finally:
            self._waiting -= 1

    def _compare(self, attempt: str) -> bool:
        try:
            return bool(self.hash) and HASHER.verify(self.hash, attempt)
        except (VerificationError, InvalidHashError):
            return False
