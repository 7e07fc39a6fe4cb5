"""Child processes that end with their parent, also when it is killed by SIGKILL (Linux)."""

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
    """The user and group id of a child that root starts."""

    user: int
    group: int


def ends_with_parent(stop_signal: signal.Signals, become: Account | None = None) -> Callable[[], None]:
    """For `preexec_fn`: makes Linux send `stop_signal` to the child when the parent dies (prctl(2)).

    The change of user is done here because uvloop does not support `user=`, and before prctl because it would clear
    the setting.
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
        if os.getppid() != parent:  # the parent died before the line above
            os.kill(os.getpid(), stop_signal)

    return in_the_child


async def spawn(
    command: Sequence[str], stop_signal: signal.Signals, become: Account | None = None, **options: Any
) -> Process:
    """Starts a child in its own session, so that Ctrl-C in the terminal reaches the parent only."""
    starting = tasks.start(
        "spawn",
        asyncio.create_subprocess_exec(
            *command, stdin=DEVNULL, start_new_session=True, preexec_fn=ends_with_parent(stop_signal, become), **options
        ),
    )
    try:
        # Shielded: cancelled half way, asyncio (3.11) waits for ever for pipes that it never connected.
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        await _kill(await starting)
        raise


async def outcome(command: Sequence[str], become: Account | None = None, **options: Any) -> tuple[int, str]:
    """Runs a command; returns its exit status and output. A cancellation kills it."""
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
