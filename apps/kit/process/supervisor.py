"""Supervises child processes: restarts one that ends, says so, and stops all of them at the end."""

import asyncio
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from signal import Signals

from apps.kit.process import tasks
from apps.kit.user_error import UserError

STEADY_SECONDS = 30.0
FIRST_ATTEMPTS = 3
LONGEST_WAIT_SECONDS = 5.0
FORCED_SECONDS = 0.5

Notify = Callable[[str], None]


class KeepsFailing(UserError):
    """A child process does not start; its output is in the log above."""


@dataclass(frozen=True)
class Child:
    name: str
    start: Callable[[], Awaitable[Process]]
    stop_signals: Sequence[tuple[Signals, float]]
    """The signals that stop it, each with the seconds to wait before the next."""
    write_line: Callable[[bytes], None] = lambda _: None
    hint: Callable[[], str] = lambda: ""


@asynccontextmanager
async def supervised(
    children: Sequence[Child], notify: Notify, force_stop: asyncio.Event
) -> AsyncIterator[asyncio.Event]:
    """Runs the children while the block runs; yields an event to set once all have started.

    Until it is set, a child that ends three times raises KeepsFailing; afterwards a child is restarted for ever.
    """
    all_started = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_keep_running(child, all_started, notify, force_stop)) for child in children]
        yield all_started
        for task in tasks:  # on an exception the group does this; a second cancellation would interrupt `_stop`
            task.cancel()


async def _keep_running(child: Child, all_started: asyncio.Event, notify: Notify, force_stop: asyncio.Event) -> None:
    clock = asyncio.get_running_loop().time
    deaths = 0
    while True:
        started = clock()
        status = await _run_once(child, force_stop)
        deaths = 1 if clock() - started > STEADY_SECONDS else deaths + 1
        how = f"signal {Signals(-status).name}" if status < 0 else f"exit status {status}"
        if deaths >= FIRST_ATTEMPTS and not all_started.is_set():
            raise KeepsFailing(f"{child.name} does not start ({how}, {deaths} times). {child.hint()}".strip())
        wait = 0.0 if deaths == 1 else min(0.125 * 2 ** min(deaths, 9), LONGEST_WAIT_SECONDS)
        notify(f"{child.name} stopped ({how}); starting it again" + (f" in {wait:g} s" if wait else ""))
        await asyncio.sleep(wait)


async def _run_once(child: Child, force_stop: asyncio.Event) -> int:
    process = await child.start()
    relay = tasks.start(f"{child.name}-output", _relay(process, child.write_line))
    try:
        return await process.wait()
    finally:
        if process.returncode is None:
            await _stop(process, child.stop_signals, force_stop)
        await asyncio.wait({relay}, timeout=1.0)
        relay.cancel()


async def _relay(process: Process, write_line: Callable[[bytes], None]) -> None:
    while process.stdout and not process.stdout.at_eof():
        with suppress(ValueError):  # a line longer than the reader's limit is dropped
            if line := await process.stdout.readline():
                write_line(line)


async def _stop(process: Process, stop_signals: Sequence[tuple[Signals, float]], force_stop: asyncio.Event) -> None:
    for stop_signal, seconds in stop_signals:
        with suppress(ProcessLookupError):
            process.send_signal(stop_signal)
        if await _ends_within(process, seconds, force_stop):
            return


async def _ends_within(process: Process, seconds: float, force_stop: asyncio.Event) -> bool:
    ended, forced = tasks.start("process-end", process.wait()), tasks.start("force-stop", force_stop.wait())
    await asyncio.wait({ended, forced}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    if force_stop.is_set():
        await asyncio.wait({ended}, timeout=FORCED_SECONDS)
    forced.cancel()
    ended.cancel()
    return process.returncode is not None
