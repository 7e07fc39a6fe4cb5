"""How many frontends one PostgreSQL feeds: what each LISTEN connection adds to a commit, and how late it hears."""

import asyncio
import json
import sys
import time

import asyncpg

from bench import notify
from bench.environment import Postgres
from bench.figure import Table
from tools.rush.tally import centile

LISTENERS = (0, 1, 2, 5, 10, 20, 50)
WRITERS = 8
STEADY_A_SECOND = 20


async def measure(server: Postgres, seconds: float, counts: tuple[int, ...] = LISTENERS) -> list[Table]:
    """The table."""
    url = await notify.prepared(server, "heard", "all")
    table = Table(
        "LISTEN connections on one PostgreSQL",
        f"Bare listeners in one process. First {WRITERS} writers as fast as they can, for {seconds:.0f} s: changes a "
        "second, as a share of the same without listeners just before, and PostgreSQL's CPU a change. Then "
        f"{STEADY_A_SECOND} changes a second: from commit to listener.",
        ("listeners", "changes a second", "PostgreSQL's CPU a change", "to the listeners, p50", "p99"),
    )
    for count in counts:
        alone = await notify.run(server, url, WRITERS, seconds)
        ears = await _listen(url, count)
        spent = server.program.cpu_seconds()
        rate = await notify.run(server, url, WRITERS, seconds)
        spent = server.program.cpu_seconds() - spent
        await _hear(ears)
        delays = await _steady(url, count, seconds)
        table.add(
            str(count),
            f"{rate:,.0f} ({rate / alone:.0%})",
            f"{spent / (rate * max(1, round(seconds))) * 1e6:.0f} µs",
            f"{centile(delays, 50):.2f} ms" if delays else "–",
            f"{centile(delays, 99):.2f} ms" if delays else "–",
        )
    return [table]


async def _listen(url: str, count: int) -> asyncio.subprocess.Process:
    ears = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.listen_worker", url, str(count)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**28,
    )
    assert ears.stdout is not None
    assert await ears.stdout.readline() == b"listening\n"
    return ears


async def _hear(ears: asyncio.subprocess.Process) -> list[float]:
    said, _ = await ears.communicate(b"")
    delays: list[float] = json.loads(said)
    return delays


async def _steady(url: str, count: int, seconds: float) -> list[float]:
    """An even, light load, so that what is measured is the way and not the queue."""
    ears = await _listen(url, count)
    connection = await asyncpg.connect(url)
    changes = max(1, round(seconds * STEADY_A_SECOND))
    try:
        for change in range(changes):
            began = time.perf_counter()
            await connection.execute(notify.CHANGE.replace(":row", "$1"), 1 + change % notify.ROWS)
            await asyncio.sleep(max(0.0, 1 / STEADY_A_SECOND - (time.perf_counter() - began)))
    finally:
        await connection.close()
    delays = await _hear(ears)
    assert len(delays) == changes * count, f"{len(delays)} heard of {changes * count}"
    return delays
