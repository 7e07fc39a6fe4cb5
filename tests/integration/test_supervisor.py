"""Children are started again, given up only at the very start, and stopped in good order."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from signal import SIGKILL, SIGTERM

import pytest

from apps.kit.process.supervisor import Child, KeepsFailing, supervised

OBEDIENT = "import sys; print('here', flush=True); sys.stdin.read()"
STUBBORN = (
    "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here', flush=True); signal.pause()"
)
POLITE = STUBBORN.replace("signal.SIG_IGN", "lambda *_: sys.exit(print('bye'))")


class Stage:
    """A child made of a Python line, and what was heard of it."""

    def __init__(self, line: str, patience_seconds: float = 5.0) -> None:
        self.processes: list[Process] = []
        self.said: list[bytes] = []
        self.told: list[str] = []
        self.force_stop = asyncio.Event()
        self.line = line
        self.child = Child("waiter", self._start, ((SIGTERM, patience_seconds), (SIGKILL, 5.0)), self.said.append)

    async def _start(self) -> Process:
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", self.line, stdin=PIPE, stdout=PIPE)
        self.processes.append(process)
        return process

    async def until(self, found: Callable[[], object]) -> None:
        async with asyncio.timeout(15):
            while not found():
                await asyncio.sleep(0.01)


async def test_a_child_that_dies_is_started_again_with_a_message() -> None:
    stage = Stage(OBEDIENT)
    async with supervised([stage.child], stage.told.append, stage.force_stop) as all_started:
        all_started.set()
        await stage.until(lambda: stage.said)
        stage.processes[0].kill()
        await stage.until(lambda: len(stage.said) == 2)
        assert stage.told == ["waiter stopped (signal SIGKILL); starting it again"]
    assert [process.returncode is None for process in stage.processes] == [False, False]


async def test_a_child_that_never_starts_is_given_up_after_three_attempts() -> None:
    stage = Stage("raise SystemExit('no beans')")
    with pytest.raises(ExceptionGroup) as raised:
        async with supervised([stage.child], stage.told.append, stage.force_stop):
            await asyncio.Event().wait()
    assert raised.group_contains(KeepsFailing, match="waiter does not start")
    assert len(stage.processes) == 3


async def test_a_child_that_once_ran_is_never_given_up() -> None:
    stage = Stage("pass")
    async with supervised([stage.child], stage.told.append, stage.force_stop) as all_started:
        all_started.set()
        await stage.until(lambda: len(stage.processes) == 4)
    assert "in 0.5 s" in stage.told[1]


async def test_a_child_that_does_not_listen_is_killed() -> None:
    stage = Stage(STUBBORN, patience_seconds=0.2)
    async with supervised([stage.child], stage.told.append, stage.force_stop):
        await stage.until(lambda: stage.said)
    assert stage.processes[0].returncode == -SIGKILL
    assert stage.told == []


async def test_whoever_is_in_a_hurry_waits_no_longer() -> None:
    stage = Stage(STUBBORN, patience_seconds=60)
    async with asyncio.timeout(5):
        async with supervised([stage.child], stage.told.append, stage.force_stop):
            await stage.until(lambda: stage.said)
            stage.force_stop.set()
    assert stage.processes[0].returncode == -SIGKILL


async def test_what_it_says_while_it_stops_is_still_heard() -> None:
    stage = Stage(POLITE)
    async with supervised([stage.child], stage.told.append, stage.force_stop):
        await stage.until(lambda: stage.said)
    assert stage.said == [b"here\n", b"bye\n"]
