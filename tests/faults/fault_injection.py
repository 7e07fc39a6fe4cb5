"""The faults, each a short story: fault, hold, heal."""

import asyncio
import json
import random
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

import asyncpg

from tests.faults.harness import Front, Harness
from tests.faults.observers import Watcher
from tests.faults.service import RunningService
from tests.faults.tcp_proxy import Link

KILL_LISTENERS = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'cafe-listener'"
)
FORGERIES = (
    "",
    "garbage",
    "[1]",
    '{"epoch":"x","seq":"y"}',
    '{"epoch":"00000000-0000-0000-0000-000000000000","seq":7,"order":{}}',
)


@dataclass(frozen=True)
class Scene:
    """What a fault may fault, and the dice that say how long."""

    harness: Harness
    watchers: list[Watcher]
    open_orders: Callable[[], list[str]]
    dice: random.Random

    def front(self) -> Front:
        return self.dice.choice(self.harness.fronts)

    async def hold(self, least: float, most: float) -> None:
        await asyncio.sleep(self.dice.uniform(least, most))


Fault = Callable[[Scene], Awaitable[None]]


async def _silent(scene: Scene, link: Link, least: float, most: float) -> None:
    link.silence()
    try:
        await scene.hold(least, most)
    finally:
        link.heal()


async def clients_cut(scene: Scene) -> None:
    scene.front().clients.cut()


async def clients_silent(scene: Scene) -> None:
    await _silent(scene, scene.front().clients, 0.5, 3.0)


async def clients_delayed(scene: Scene) -> None:
    link = scene.front().clients
    link.delay_seconds = scene.dice.uniform(0.02, 0.5)
    await scene.hold(0.5, 2.0)
    link.heal()


async def clients_sliced(scene: Scene) -> None:
    link = scene.front().clients
    link.slices = True
    await scene.hold(0.3, 1.0)
    link.heal()


async def slow_reader(scene: Scene) -> None:
    watcher = scene.dice.choice(scene.watchers)
    watcher.paused.clear()
    try:
        await scene.hold(0.5, 4.0)
    finally:
        watcher.paused.set()


async def listener_killed(scene: Scene) -> None:
    connection = await scene.harness.sql()
    try:
        await connection.fetchval(KILL_LISTENERS)
    finally:
        connection.terminate()


async def listen_link_cut(scene: Scene) -> None:
    scene.front().listen.cut()


async def listen_link_silent(scene: Scene) -> None:
    await _silent(scene, scene.front().listen, 0.5, 4.0)


async def listen_link_delayed(scene: Scene) -> None:
    link = scene.front().listen
    link.delay_seconds = scene.dice.uniform(0.05, 1.0)
    await scene.hold(0.5, 2.0)
    link.heal()


async def listen_link_sliced(scene: Scene) -> None:
    link = scene.front().listen
    link.slices = True
    await scene.hold(0.5, 1.5)
    link.heal()


async def notifications_lost(scene: Scene) -> None:
    link = scene.front().listen
    link.notifications_to_swallow = scene.dice.randint(1, 5)
    await scene.hold(0.3, 1.0)
    link.heal()


async def notifications_forged(scene: Scene) -> None:
    connection = await scene.harness.sql()
    try:
        epoch = await connection.fetchval("SELECT epoch::text FROM stream_head")
        future = json.dumps({"epoch": epoch, "seq": 10**9, "order": {"id": 1}})
        for payload in (*FORGERIES, future):
            await connection.execute("SELECT pg_notify('cafe_orders', $1)", payload)
    finally:
        connection.terminate()


async def orders_link_cut(scene: Scene) -> None:
    scene.front().orders.cut()


async def orders_link_silent(scene: Scene) -> None:
    await _silent(scene, scene.front().orders, 0.5, 3.0)


async def database_link_cut(scene: Scene) -> None:
    scene.harness.database.cut()


async def database_link_silent(scene: Scene) -> None:
    await _silent(scene, scene.harness.database, 0.5, 3.0)


async def postgres_stopped(scene: Scene) -> None:
    await asyncio.to_thread(scene.harness.server.stop, "immediate")
    try:
        await scene.hold(0.0, 1.5)
    finally:
        scene.harness.server.start()


async def long_transaction(scene: Scene) -> None:
    """A hand in psql changes an order and goes for coffee: whoever wants that order waits, nobody else."""
    numbers = scene.open_orders()
    if not numbers:
        return
    connection = await scene.harness.sql()
    try:
        with suppress(asyncpg.PostgresError, TimeoutError):
            begun = connection.transaction()
            await begun.start()
            await connection.execute(
                "UPDATE orders SET items = items WHERE order_number = $1", scene.dice.choice(numbers)
            )
            await scene.hold(0.5, 3.0)
            await begun.rollback()
    finally:
        connection.terminate()


def killed(choose: Callable[[Scene], RunningService]) -> Fault:
    async def fault(scene: Scene) -> None:
        service = choose(scene)
        before = service.starts
        service.signal(signal.SIGKILL)
        await service.until_it_runs(scene.harness.http, before)

    return fault


def frozen(choose: Callable[[Scene], RunningService]) -> Fault:
    async def fault(scene: Scene) -> None:
        service = choose(scene)
        service.signal(signal.SIGSTOP)
        try:
            await scene.hold(0.5, 3.0)
        finally:
            service.signal(signal.SIGCONT)

    return fault


def restarted(choose: Callable[[Scene], RunningService]) -> Fault:
    async def fault(scene: Scene) -> None:
        service = choose(scene)
        before = service.starts
        service.signal(signal.SIGTERM)
        await service.until_it_runs(scene.harness.http, before)

    return fault


async def one_frontend_in_the_dark(scene: Scene) -> None:
    """Neither notification nor log reaches one frontend, while the other one's customers go on writing."""
    front = scene.front()
    front.listen.silence()
    front.orders.silence()
    try:
        await scene.hold(15.0, 17.0)
    finally:
        front.listen.heal()
        front.orders.heal()
