"""After clients have come and gone for a while, memory, descriptors and tasks are back to where they were."""

import asyncio
import gc
import random
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
from websockets.asyncio.client import connect

from apps.live.board import RESUME_WINDOW
from tests.cafe import RunningCafe, bearer, eventually
from tests.faults.conftest import Measured
from tests.faults.second_frontend import frontend_beside

LONG_SECONDS, SHORT_SECONDS = 15 * 60, 8
CLIENTS = 60
PATHS = ("kitchen", "display", "menu")


def _descriptors(pid: int | str) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def _memory(pid: int | str) -> int:
    """Resident bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


async def _by_websocket(base: str, path: str, dice: random.Random) -> None:
    opening = connect(
        f"{base.replace('http', 'ws')}/ws/{path}",
        additional_headers=bearer() if path == "kitchen" else {},
        compression=None,
        proxy=None,
        close_timeout=1,
        ping_interval=None,
    )
    async with opening as socket:
        for _ in range(dice.randint(1, 5)):
            await asyncio.wait_for(socket.recv(), 15)
            if path == "menu":
                break
        if dice.random() < 0.5:
            socket.transport.abort()


async def _by_events(base: str, number: str, dice: random.Random) -> None:
    async with (
        httpx.AsyncClient(trust_env=False) as http,
        http.stream("GET", f"{base}/api/{number}/events", headers=bearer(), timeout=15) as events,
    ):
        left = dice.randint(1, 5)
        async for line in events.aiter_lines():
            left -= line.startswith("data")
            if left <= 0:
                return


async def _churn(bases: list[str], number: str, dice: random.Random) -> None:
    """Many at once come, read a little, and go, politely or not."""
    visits: list[Awaitable[None]] = []
    for _ in range(CLIENTS):
        base, path = dice.choice(bases), dice.choice((*PATHS, f"orders/{number}"))
        if path != "menu" and dice.random() < 0.4:
            visits.append(_by_events(base, path, dice))
        else:
            visits.append(_by_websocket(base, path, dice))
    await asyncio.gather(*visits)


async def _write_for_ever(cafe: RunningCafe, number: str) -> None:
    rename = "UPDATE orders SET customer_name = $1 WHERE order_number = $2"
    async with cafe.sql() as sql:
        for name in range(10**9):
            await sql.execute(rename, f"guest {name}", number)
            await asyncio.sleep(0.02)


async def test_after_much_coming_and_going_nothing_is_left_behind(
    cafe: RunningCafe, measured: Measured, *, is_long: bool
) -> None:
    dice, seconds = random.Random(7), LONG_SECONDS if is_long else SHORT_SECONDS  # noqa: S311
    rest = 80 if is_long else 3  # a connection that is kept alive is closed after 75 s
    number = (await cafe.order())["order_number"]
    async with frontend_beside(cafe) as frontend, cafe.sql() as sql:
        bases = [cafe.frontend, frontend.base]
        if is_long:  # the window of changes is full before the measurement, as on any long day
            for name in range(RESUME_WINDOW + 200):
                await sql.execute("UPDATE orders SET customer_name = $1 WHERE order_number = $2", f"{name}", number)
        writing = asyncio.ensure_future(_write_for_ever(cafe, number))
        try:
            await _for(20 if is_long else 3, lambda: _churn(bases, number, dice))
            before = await _rest(cafe, frontend.pid, bases, rest)
            visits = await _for(seconds, lambda: _churn(bases, number, dice))
            after = await _rest(cafe, frontend.pid, bases, rest)
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
    (memory, descriptors, tasks), (memory_after, descriptors_after, tasks_after) = before, after
    measured(
        f"soak of {seconds / 60:.1f} minutes",
        f"{visits * CLIENTS:,} clients came and went, 50 changes a second: memory {memory / 1e6:.0f} → "
        f"{memory_after / 1e6:.0f} MB, descriptors {descriptors} → {descriptors_after}, tasks {tasks} → {tasks_after}",
    )
    assert descriptors_after <= descriptors + 3
    assert tasks_after <= tasks * 1.05 + (0 if is_long else 5)
    assert memory_after <= memory * 1.05 + (0 if is_long else 12e6)


async def _for(seconds: float, work: Callable[[], Awaitable[None]]) -> int:
    until, times = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        await work()
        times += 1
    return times


async def _rest(cafe: RunningCafe, pid: int, bases: list[str], seconds: float) -> tuple[int, int, int]:
    """Memory and descriptors of the frontend's process, and the tasks of the one in here, once everyone has gone."""
    await eventually(lambda: _nobody_there(cafe, bases), 90)
    lowest: list[tuple[int, int, int]] = []
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:  # idle connections close by and by
        gc.collect()
        lowest.append((_memory(pid), _descriptors(pid), len(asyncio.all_tasks())))
        await asyncio.sleep(0.1)
    return min(each[0] for each in lowest), min(each[1] for each in lowest), min(each[2] for each in lowest)


async def _nobody_there(cafe: RunningCafe, bases: list[str]) -> bool:
    for base in bases:
        text = (await cafe.http.get(f"{base}/metrics")).text
        lines = [line for line in text.splitlines() if line.startswith("cafe_live_connections{")]
        if any(float(line.rpartition(" ")[2]) for line in lines):
            return False
    return True
