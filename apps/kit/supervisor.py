"""Child processes that are started again, visibly, whenever they die, and stopped in good order."""

import asyncio
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from signal import Signals

from apps.kit.plain_error import PlainError

STEADY_SECONDS = 30.0
FIRST_ATTEMPTS = 3
LONGEST_WAIT_SECONDS = 5.0
HURRIED_SECONDS = 0.5

Tell = Callable[[str], None]


class KeepsFailing(PlainError):
    """A child that does not even start; what it said is in the log above."""


@dataclass(frozen=True)
class Child:
    name: str
    start: Callable[[], Awaitable[Process]]
    farewells: Sequence[tuple[Signals, float]]
    """Signals that stop it, each with the seconds it is given before the next."""
    say_line: Callable[[bytes], None] = lambda _: None
    hint: Callable[[], str] = lambda: ""


@asynccontextmanager
async def supervised(children: Sequence[Child], tell: Tell, hurry: asyncio.Event) -> AsyncIterator[asyncio.Event]:
    """Run the children while the block runs. It gets an event to set once all are well.

    Until then a child that dies three times raises KeepsFailing; after that none is ever given up.
    """
    settled = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_keep_running(child, settled, tell, hurry)) for child in children]
        yield settled
        for task in tasks:  # on an exception the group itself does this; twice would cut the farewell short
            task.cancel()


async def _keep_running(child: Child, settled: asyncio.Event, tell: Tell, hurry: asyncio.Event) -> None:
    clock = asyncio.get_running_loop().time
    deaths = 0
    while True:
        started = clock()
        status = await _run_once(child, hurry)
        deaths = 1 if clock() - started > STEADY_SECONDS else deaths + 1
        how = f"signal {Signals(-status).name}" if status < 0 else f"exit status {status}"
        if deaths >= FIRST_ATTEMPTS and not settled.is_set():
            raise KeepsFailing(f"{child.name} does not start ({how}, {deaths} times). {child.hint()}".strip())
        wait = 0.0 if deaths == 1 else min(0.125 * 2 ** min(deaths, 9), LONGEST_WAIT_SECONDS)
        tell(f"{child.name} stopped ({how}); starting it again" + (f" in {wait:g} s" if wait else ""))
        await asyncio.sleep(wait)


async def _run_once(child: Child, hurry: asyncio.Event) -> int:
    process = await child.start()
    relay = asyncio.create_task(_relay(process, child.say_line))
    try:
        return await process.wait()
    finally:
        if process.returncode is None:
            await _stop(process, child.farewells, hurry)
        await asyncio.wait({relay}, timeout=1.0)
        relay.cancel()


async def _relay(process: Process, say_line: Callable[[bytes], None]) -> None:
    while process.stdout and not process.stdout.at_eof():
        with suppress(ValueError):  # a line beyond the reader's limit is dropped
            if line := await process.stdout.readline():
                say_line(line)


async def _stop(process: Process, farewells: Sequence[tuple[Signals, float]], hurry: asyncio.Event) -> None:
    for farewell, seconds in farewells:
        with suppress(ProcessLookupError):
            process.send_signal(farewell)
        if await _ends_within(process, seconds, hurry):
            return


async def _ends_within(process: Process, seconds: float, hurry: asyncio.Event) -> bool:
    ended, hurried = asyncio.create_task(process.wait()), asyncio.create_task(hurry.wait())
    await asyncio.wait({ended, hurried}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    if hurry.is_set():
        await asyncio.wait({ended}, timeout=HURRIED_SECONDS)
    hurried.cancel()
    ended.cancel()
    return process.returncode is not None
