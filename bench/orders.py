"""What an order costs on its whole way, with one and with two of each service; and what an idle replica costs."""

import asyncio
import time

import httpx

from bench.environment import Cafe, Postgres, cafe, token
from bench.figure import Table

STEPS = ("start", "ready", "serve")
CUSTOMERS_AT_ONCE = 16


async def measure(server: Postgres, orders: int, idle_seconds: float) -> list[Table]:
    """Both tables."""
    spent = Table(
        "An order on its whole way",
        f"{orders} orders, each placed, started, made ready and served over HTTP through the frontend: four commits. "
        f"CPU milliseconds an order; {CUSTOMERS_AT_ONCE} at a time, from one client on the same machine.",
        ("of each service", "frontend", "kitchen", "orders", "PostgreSQL", "orders a second"),
    )
    idle = Table(
        "A replica that has nothing to do",
        f"CPU over {idle_seconds:.0f} quiet seconds, as a share of one core, and resident memory.",
        ("of each service", "frontend", "kitchen", "orders", "PostgreSQL", "memory: frontend, kitchen, orders"),
    )
    for replicas in (1, 2):
        url = await server.database(f"orders_{replicas}")
        async with cafe(url, replicas) as running:
            await _idle(server, running, replicas, idle_seconds, idle)
            await _busy(server, running, replicas, orders, spent)
    return [spent, idle]


def _read(server: Postgres, running: Cafe) -> dict[str, float]:
    return {**running.cpu_seconds(), "postgres": server.program.cpu_seconds()}


async def _idle(server: Postgres, running: Cafe, replicas: int, seconds: float, table: Table) -> None:
    began = _read(server, running)
    await asyncio.sleep(seconds)
    ended = _read(server, running)
    names = ("frontend", "kitchen", "orders", "postgres")
    shares = [
        f"{(ended[name] - began[name]) / seconds / (1 if name == 'postgres' else replicas) * 100:.1f} %"
        for name in names
    ]
    memory = [f"{running.programs[name][0].memory_kib() / 1024:.0f}" for name in names[:3]]
    table.add(str(replicas), *shares, ", ".join(memory) + " MB")


async def _busy(server: Postgres, running: Cafe, replicas: int, orders: int, table: Table) -> None:
    waiting = list(range(orders))
    async with httpx.AsyncClient(headers=token(), trust_env=False, timeout=30) as http:

        async def customer() -> None:
            while waiting:
                base = running.bases["frontend"][waiting.pop() % replicas]
                await _one_order(http, base)

        await asyncio.gather(*(_one_order(http, base) for base in running.bases["frontend"]))
        began, clock = _read(server, running), time.perf_counter()
        await asyncio.gather(*(customer() for _ in range(CUSTOMERS_AT_ONCE)))
        seconds, ended = time.perf_counter() - clock, _read(server, running)
    names = ("frontend", "kitchen", "orders", "postgres")
    spent = [f"{(ended[name] - began[name]) / orders * 1000:.1f}" for name in names]
    table.add(str(replicas), *spent, f"{orders / seconds:.0f}")


async def _one_order(http: httpx.AsyncClient, base: str) -> None:
    cart = {"customer_name": "Bench", "items": [{"id": 2, "quantity": 1}, {"id": 21, "quantity": 2}]}
    number = (await http.post(f"{base}/api/orders", json=cart)).raise_for_status().json()["order_number"]
    for step in STEPS:
        (await http.post(f"{base}/api/kitchen/orders/{number}/{step}")).raise_for_status()
