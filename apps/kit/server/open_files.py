"""How many files the system lets this process have open; each connection is one."""

import contextlib

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

WANTED = 65_536
KEPT_FOR_OURSELVES = 600
"""The listening sockets, logs, the database's pool and twice 200 calls to the other services."""


def most_connections() -> int:
    """How many connections from outside leave us the files that we need ourselves."""
    files = _allowed()
    return max(files * 3 // 4 if files < 4 * KEPT_FOR_OURSELVES else files - KEPT_FOR_OURSELVES, 1)


def _allowed() -> int:
    """After asking for as many as may be had, as far as they are of use: shells begin with 1,024 or even 256."""
    if resource is None:
        return WANTED
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    soft, most = (WANTED if limit == resource.RLIM_INFINITY else limit for limit in (soft, hard))
    wanted = min(most, WANTED)
    if soft < wanted:
        with contextlib.suppress(ValueError, OSError):  # macOS allows less than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            return wanted
    return soft
