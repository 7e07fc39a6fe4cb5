"""A child process that ends when its parent does, even when the parent is killed outright."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1


def ends_with_parent(farewell: signal.Signals) -> Callable[[], None] | None:
    """For `preexec_fn`: Linux sends `farewell` to the child when we die. None elsewhere, where nothing does.

    See prctl(2). All that allocates is done here, before the fork.
    """
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def in_the_child() -> None:
        prctl(PR_SET_PDEATHSIG, int(farewell), 0, 0, 0)
        if os.getppid() != parent:  # it died before the line above could count
            os.kill(os.getpid(), farewell)

    return in_the_child
