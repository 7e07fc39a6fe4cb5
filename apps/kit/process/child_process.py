"""Child processes that end when their parent does, even when the parent is killed outright."""

import asyncio
import ctypes
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from apps.kit.process import tasks

PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Account:
    """Whom root lets a child be."""

    user: int
    group: int


def ends_with_parent(stop_signal: signal.Signals, become: Account | None = None) -> Callable[[], None]:
    """For `preexec_fn`: Linux sends `stop_signal` to the child when we die; elsewhere nothing does.

    See prctl(2). What can be done before the fork is. The change of user is here because uvloop has no word for it, and
    comes first because it would undo the other.
    """
    prctl = ctypes.CDLL(None, use_errno=True).prctl if sys.platform.startswith("linux") else None
    parent = os.getpid()

    def in_the_child() -> None:
        if become:
            os.setgroups([])
            os.setgid(become.group)
            os.setuid(become.user)
        if not prctl:
            return
        prctl(PR_SET_PDEATHSIG, int(stop_signal), 0, 0, 0)
        if os.getppid() != parent:  # it died before the line above could count
            os.kill(os.getpid(), stop_signal)

    return in_the_child


async def spawn(
    command: Sequence[str], stop_signal: signal.Signals, become: Account | None = None, **options: Any
) -> Process:
    """In a session of its own, so that a terminal's Ctrl-C reaches only us, who then stop it in good order."""
    beginning = tasks.start(
        "spawn",
        asyncio.create_subprocess_exec(
            *command, stdin=DEVNULL, start_new_session=True, preexec_fn=ends_with_parent(stop_signal, become), **options
        ),
    )
    try:
        # Shielded: cancelled half way, asyncio (seen on 3.11) waits for ever for pipes that it never connected.
        return await asyncio.shield(beginning)
    except asyncio.CancelledError:
        await _kill(await beginning)
        raise


async def outcome(command: Sequence[str], become: Account | None = None, **options: Any) -> tuple[int, str]:
    """Run a command to its end: its exit status, and all it output. It is killed if we do not wait."""
    process = await spawn(command, signal.SIGKILL, become, stdout=PIPE, stderr=STDOUT, **options)
    try:
        output, _ = await process.communicate()
    except asyncio.CancelledError:
        await _kill(process)
        raise
    return process.returncode or 0, output.decode(errors="replace").strip()


async def _kill(process: Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.wait()
