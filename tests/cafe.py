"""A whole café inside a test: three services on real ports, a database, and clients to talk to them."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
from websockets.asyncio.client import ClientConnection, connect

from apps.frontend.app import create_app as create_frontend
from apps.kit.server import server
from apps.kit.settings.settings import Settings
from apps.kit.web.service import Service
from apps.kit.web.tokens import Role, mint
from apps.kitchen.app import create_app as create_kitchen
from apps.orders.app import create_app as create_orders
from tests.ports import free_port

SECRET = "a secret that only these tests know, 40+ chars"
PASSWORD = "velvet-kettle-morning"
PATIENCE_SECONDS = 10
CREATE: dict[str, Callable[[Settings], Service]] = {
    "orders": create_orders,
    "kitchen": create_kitchen,
    "frontend": create_frontend,
}


def bearer(role: Role = Role.STAFF, **more: Any) -> dict[str, str]:
    claims = {"subject": f"{role}:test", "lifetime": timedelta(hours=1), **more}
    return {"Authorization": f"Bearer {mint(SECRET, role=role, **claims)}"}


@dataclass
class Screen:
    """A client on a live stream."""

    socket: ClientConnection
    seen: list[dict[str, Any]] = field(default_factory=list)

    async def next(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(await asyncio.wait_for(self.socket.recv(), PATIENCE_SECONDS))
        self.seen.append(message)
        return message

    async def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        while not wanted(message := await self.next()):
            pass
        return message

    async def change(self) -> dict[str, Any]:
        return await self.until(lambda message: message["type"] == "change")


@dataclass
class RunningCafe:
    """Where everything is, and short ways to do what every test does."""

    settings: Settings
    database_url: str
    http: httpx.AsyncClient
    stoppers: dict[str, asyncio.Event] = field(default_factory=dict)
    tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    @property
    def frontend(self) -> str:
        return self.settings.address_of("frontend")

    @property
    def orders(self) -> str:
        return self.settings.address_of("orders")

    @property
    def kitchen(self) -> str:
        return self.settings.address_of("kitchen")

    def start(self, name: str) -> None:
        stop = self.stoppers[name] = asyncio.Event()

        async def until() -> None:
            await stop.wait()

        app = CREATE[name](self.settings)
        self.tasks[name] = asyncio.create_task(
            server.run(
                app,
                "127.0.0.1",
                self.settings.port_of(name),
                until,
                certificate=server.certificate_for(self.settings, name),
                limits=server.connection_limits_for(self.settings, name),
            )
        )

    async def stop(self, name: str) -> None:
        self.stoppers[name].set()
        await asyncio.wait_for(self.tasks[name], PATIENCE_SECONDS)

    async def until_healthy(self, *names: str) -> None:
        for name in names or tuple(CREATE):
            await eventually(lambda name=name: self._is_healthy(name))

    async def _is_healthy(self, name: str) -> bool:
        if self.tasks[name].done():
            self.tasks[name].result()
        try:
            return (await self.http.get(f"{self.settings.address_of(name)}/health")).status_code == 200
        except httpx.TransportError:
            return False

    async def order(self, name: str = "Ana", item: int = 1, quantity: int = 1, **more: Any) -> dict[str, Any]:
        body = {"customer_name": name, "items": [{"id": item, "quantity": quantity}]}
        answer = await self.http.post(f"{self.frontend}/api/orders", json=body, **more)
        assert answer.status_code == 201, answer.text
        placed: dict[str, Any] = answer.json()
        return placed

    async def step(self, number: str, step: str, **headers: str) -> httpx.Response:
        return await self.http.post(
            f"{self.frontend}/api/kitchen/orders/{number}/{step}", headers={**bearer(), **headers}
        )

    @asynccontextmanager
    async def sql(self) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
        connection = await asyncpg.connect(self.database_url)
        try:
            yield connection
        finally:
            await connection.close()

    @asynccontextmanager
    async def screen(self, path: str, *, staff: bool = False, **headers: str) -> AsyncIterator[Screen]:
        address = self.frontend.replace("http", "ws") + path
        async with connect(address, additional_headers={**(bearer() if staff else {}), **headers}) as socket:
            yield Screen(socket)


async def eventually(holds: Callable[[], Awaitable[bool]], seconds: float = PATIENCE_SECONDS) -> None:
    """Waits until `holds`, asking again and again; fails the test after `seconds`."""
    async with asyncio.timeout(seconds):
        while not await holds():
            await asyncio.sleep(0.01)


def settings_for(database_url: str, **variables: str) -> Settings:
    ports = {f"CAFE_{name.upper()}_PORT": str(free_port()) for name in CREATE}
    return Settings.load(
        {
            "CAFE_DATABASE_URL": database_url,
            "CAFE_LISTEN_URL": database_url,
            "CAFE_SECRET": SECRET,
            "CAFE_STAFF_PASSWORD": PASSWORD,
            "CAFE_TIMEZONE": "Europe/Lisbon",
            "CAFE_RATE_LIMITS": "off",
            "CAFE_LOG": "json",
            **ports,
            **variables,
        }
    )


@asynccontextmanager
async def run_cafe(
    database_url: str, *, names: tuple[str, ...] = tuple(CREATE), verify: Any = True, **variables: str
) -> AsyncIterator[RunningCafe]:
    async with httpx.AsyncClient(trust_env=False, verify=verify) as http:
        running = RunningCafe(settings_for(database_url, **variables), database_url, http)
        for name in names:
            running.start(name)
        try:
            await running.until_healthy(*names)
            yield running
        finally:
            for name, task in running.tasks.items():
                running.stoppers[name].set()
                await asyncio.wait_for(task, PATIENCE_SECONDS)
