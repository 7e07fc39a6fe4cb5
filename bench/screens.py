"""What an open screen costs, and what one change to all of them does to everybody else."""

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Callable
from datetime import datetime

import httpx

from bench.environment import Cafe, Postgres, Program, cafe, token
from bench.figure import Table
from bench.websocket_load import Crowd
from tools.rush.tally import centile

CHANGES_APART_SECONDS = 0.5
QUIET_SECONDS = 2.0


async def measure(server: Postgres, crowds: tuple[int, ...], idle_seconds: float, changes: int) -> list[Table]:
    """Both tables, for each size of crowd."""
    idle = Table(
        "An idle screen",
        f"Sockets on `/ws/display` of one frontend, nothing happens for {idle_seconds:.0f} s but heartbeats and pings.",
        ("sockets", "memory each", "CPU a minute each", "one core carries, idle"),
    )
    fan_out = Table(
        "One change to all of them",
        f"Median of {changes} changes. The neighbour is another client that asks `/livez` all the time, in a process "
        "of its own: its slowest answer around each change.",
        ("sockets", "first screen", "last screen", "frontend's CPU a message", "neighbour, quiet", "neighbour, during"),
    )
    for number in crowds:
        url = await server.database(f"screens_{number}")
        async with cafe(url) as running:
            await _one_size(running, number, idle_seconds, changes, (idle, fan_out))
    return [idle, fan_out]


async def _one_size(running: Cafe, number: int, idle_seconds: float, changes: int, tables: tuple[Table, Table]) -> None:
    idle, fan_out = tables
    [frontend], [base] = running.programs["frontend"], running.bases["frontend"]
    async with httpx.AsyncClient(base_url=base, headers=token(), trust_env=False, timeout=30) as http:
        order = await _order(http)
        alone = await _cpu_of(frontend.cpu_seconds, idle_seconds)
        before = frontend.memory_kib()
        crowd = Crowd(base, "/ws/display")
        try:
            await crowd.grow(number)
            each_kib = (frontend.memory_kib() - before) / number
            with_crowd = await _cpu_of(frontend.cpu_seconds, idle_seconds)
            each_ms = max(0.0, with_crowd - alone) / number / idle_seconds * 60_000
            carries = f"{60_000 / each_ms:,.0f}" if each_ms else "–"
            idle.add(f"{number:,}", f"{each_kib:.0f} KB", f"{each_ms:.2f} ms", carries)
            said = await _changes(frontend, http, crowd, order, changes, idle_share=with_crowd / idle_seconds)
            fan_out.add(f"{number:,}", *said, *await _beside(base, http, crowd, order, changes))
            assert crowd.lost == 0, f"{crowd.lost} connections were lost on the way"
        finally:
            crowd.leave()


async def _cpu_of(read: Callable[[], float], seconds: float) -> float:
    began = read()
    await asyncio.sleep(seconds)
    return read() - began


async def _one_change(http: httpx.AsyncClient, crowd: Crowd, order: str, count: int) -> float:
    """Until everybody has it; when it was written."""
    crowd.expect()
    step = "start" if count % 2 == 0 else "recall"
    answer = (await http.post(f"/api/kitchen/orders/{order}/{step}")).raise_for_status().json()
    await crowd.all_heard()
    return datetime.fromisoformat(answer["updated_at"]).timestamp()


async def _changes(
    frontend: Program, http: httpx.AsyncClient, crowd: Crowd, order: str, changes: int, *, idle_share: float
) -> tuple[str, ...]:
    """How soon the first and the last screen have a change, and the CPU for one message."""
    first, last = [], []
    spent, clock = frontend.cpu_seconds(), time.perf_counter()
    for count in range(changes):
        written = await _one_change(http, crowd, order, count)
        first.append((crowd.marks[0] - written) * 1000)
        last.append((crowd.marks[-1] - written) * 1000)
        await asyncio.sleep(CHANGES_APART_SECONDS)
    spent = frontend.cpu_seconds() - spent - idle_share * (time.perf_counter() - clock)
    return (
        f"{statistics.median(first):.1f} ms",
        f"{statistics.median(last):.0f} ms",
        f"{max(0.0, spent) / changes / len(crowd.screens) * 1e6:.0f} µs",
    )


async def _beside(base: str, http: httpx.AsyncClient, crowd: Crowd, order: str, changes: int) -> tuple[str, ...]:
    """What a neighbour's request takes when nothing happens, and what its slowest takes during a change."""
    probe = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.probe", f"{base}/livez"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    await asyncio.sleep(QUIET_SECONDS)
    quiet_until, moments = time.time(), []
    for count in range(changes):
        written = await _one_change(http, crowd, order, count)
        moments.append((written, crowd.marks[-1]))
        await asyncio.sleep(CHANGES_APART_SECONDS)
    said, _ = await probe.communicate(b"")
    samples = json.loads(said)
    calm = [took for asked, took in samples if asked + took / 1000 < quiet_until]
    during = [
        max((took for asked, took in samples if asked < ends and asked + took / 1000 > begins), default=0.0)
        for begins, ends in moments
    ]
    return f"{centile(calm, 50):.1f} ms", f"{statistics.median(during):.0f} ms"


async def _order(http: httpx.AsyncClient) -> str:
    cart = {"customer_name": "Bench", "items": [{"id": 1, "quantity": 1}]}
    return str((await http.post("/api/orders", json=cart)).raise_for_status().json()["order_number"])
