"""What screens, orders and replicas cost, and where one PostgreSQL ends; each figure beside another of the same run.

    python -m bench.scaling                           # prints; under 12 minutes, on a quiet machine
    python -m bench.scaling --out docs/scaling.md     # and writes it between that page's marks
    python -m bench.scaling --tiny                    # whether it runs: under 2 minutes, its figures mean little

Everything runs on this machine's loopback: PostgreSQL from the wheel, services as processes, the clients beside them.
"""

import argparse
import asyncio
import os
import platform
import resource
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from bench import listeners, notify, orders, screens
from bench.environment import Postgres, postgres
from bench.figure import Table

BEGIN, END = "<!-- measured, written by the run: begin -->", "<!-- measured, written by the run: end -->"
FILES_FOR_OURSELVES = 600


async def everything(*, tiny: bool) -> list[Table]:
    """All tables, one scenario after the other."""
    async with postgres() as server:
        seconds = 1.0 if tiny else 6.0
        tables = await screens.measure(server, _crowds(tiny=tiny), 2 if tiny else 21, 4 if tiny else 16)
        _progress("screens")
        tables += await orders.measure(server, 20 if tiny else 600, 2 if tiny else 15)
        _progress("orders")
        tables += await notify.measure(server, max(1.0, seconds / 2))
        _progress("the commit lock")
        tables += await _listeners(server, seconds, tiny=tiny)
        _progress("listeners")
    return tables


async def _listeners(server: Postgres, seconds: float, *, tiny: bool) -> list[Table]:
    return await listeners.measure(server, seconds, (0, 2, 10) if tiny else listeners.LISTENERS)


def _crowds(*, tiny: bool) -> tuple[int, ...]:
    """As many as there are files for: each socket is one here and one in the frontend."""
    files, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        files = hard
    wanted = (200,) if tiny else (500, 2_000, 10_000)
    return tuple(number for number in wanted if number + FILES_FOR_OURSELVES <= files)


def _progress(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {what}: measured", file=sys.stderr, flush=True)


def machine() -> str:
    """On what, when, and how busy it was besides."""
    model = next(
        (line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor() or platform.machine(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores ({model}), {memory:.0f} GB, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, {datetime.now(UTC):%Y-%m-%d}; load before the run {LOAD:.1f}."
    )


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def put(page: Path, text: str) -> None:
    """Puts the text between the page's two marks."""
    before, _, rest = page.read_text().partition(BEGIN)
    _, found, after = rest.partition(END)
    assert found, f"{page} has not the two marks to write between"
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")


LOAD = os.getloadavg()[0]

if __name__ == "__main__":
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--out", type=Path, help="the page to write into")
    words.add_argument("--tiny", action="store_true", help="small numbers, to see that it runs")
    chosen = words.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        found = runner.run(everything(tiny=chosen.tiny))
    report = "\n\n".join([f"Measured on {machine()}", *(table.markdown() for table in found)])
    print(report)
    if chosen.out:
        put(chosen.out, report)
