"""A café of real processes: PostgreSQL, orders, kitchen, two frontends side by side, and a link between each two."""

import asyncio
import random
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import httpx

from apps.cli.sample_menu import insert_sample_menu
from apps.kit.database.migrations import migrate
from apps.kit.postgres import embedded
from tests.cafe import PASSWORD, SECRET
from tests.faults.service import STARTS_WITHIN_SECONDS, RunningService
from tests.faults.tcp_proxy import Link
from tests.ports import free_port
from tests.postgres import PostgresServer

DATABASE = "cafe"


@contextmanager
def durable_server() -> Iterator[PostgresServer]:
    """A PostgreSQL of its own that keeps what it acknowledged when it is stopped at once."""
    folder = Path(tempfile.mkdtemp(prefix="cafe-faults-"))
    folder.chmod(0o711)
    try:
        server = PostgresServer(folder)
        server.server = replace(server.server, options=dict(embedded.OPTIONS))
        server.start()
        try:
            server.execute("postgres", f"create database {DATABASE}")
            asyncio.run(migrate(server.url(DATABASE)))
            asyncio.run(insert_sample_menu(server.url(DATABASE)))
            yield server
        finally:
            server.stop("immediate")
    finally:
        shutil.rmtree(folder)


@dataclass(frozen=True)
class Front:
    """One frontend and the links around it."""

    service: RunningService
    clients: Link
    listen: Link
    orders: Link

    @property
    def base(self) -> str:
        """Where clients reach it: through the link."""
        return f"http://127.0.0.1:{self.clients.port}"

    def heal(self) -> None:
        for link in (self.clients, self.listen, self.orders):
            link.heal()


@dataclass(frozen=True)
class Harness:
    """Everything that faults can fault."""

    server: PostgresServer
    database: Link
    orders: RunningService
    kitchen: RunningService
    fronts: tuple[Front, Front]
    http: httpx.AsyncClient
    folder: Path

    @property
    def services(self) -> tuple[RunningService, ...]:
        return (self.orders, self.kitchen, *(front.service for front in self.fronts))

    async def sql(self) -> "asyncpg.Connection[asyncpg.Record]":
        """A connection past every link. Raises OSError or a PostgreSQL error where the server is down."""
        return await asyncpg.connect(self.server.url(DATABASE), timeout=5, command_timeout=20)

    async def is_well(self) -> bool:
        """Whether every service says that it can do its work."""
        answers = await asyncio.gather(*(service.answers(self.http, "/health") for service in self.services))
        return all(answers)

    async def until_well(self) -> None:
        async with asyncio.timeout(STARTS_WITHIN_SECONDS):
            while not await self.is_well():
                await asyncio.sleep(0.05)


@asynccontextmanager
async def open_harness(server: PostgresServer, dice: random.Random) -> AsyncIterator[Harness]:
    """The whole café, well; everything is ended when the block is left."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cafe-faults-log-")))
        http = await stack.enter_async_context(httpx.AsyncClient(trust_env=False))
        port = urlsplit(server.url(DATABASE)).port or 0
        ports = {"orders": free_port(), "kitchen": free_port()}

        async def link(to: int, *, postgres: bool = False) -> Link:
            return await stack.enter_async_context(Link("127.0.0.1", to, dice, postgres=postgres).open())

        def through(way: Link) -> str:
            return server.url(DATABASE).replace(f":{port}/", f":{way.port}/")

        async def begin(name: str, label: str, own_port: int, **more: str) -> RunningService:
            settings = {
                "CAFE_SECRET": SECRET,
                "CAFE_STAFF_PASSWORD": PASSWORD,
                "CAFE_RATE_LIMITS": "off",
                "CAFE_TIMEZONE": "Europe/Lisbon",
                "CAFE_LOG": "json",
                "CAFE_STATE_DIR": str(folder / "state"),
                f"CAFE_{name.upper()}_PORT": str(own_port),
                "CAFE_ORDERS_URL": f"http://127.0.0.1:{ports['orders']}",
                "CAFE_KITCHEN_URL": f"http://127.0.0.1:{ports['kitchen']}",
                **more,
            }
            service = RunningService(name, label, f"http://127.0.0.1:{own_port}", settings, folder / f"{label}.log")
            stack.push_async_callback(service.stop)
            service.start()
            return service

        database = await link(port, postgres=True)
        orders = await begin("orders", "orders", ports["orders"], CAFE_DATABASE_URL=through(database))
        kitchen = await begin("kitchen", "kitchen", ports["kitchen"])
        fronts = []
        for label in ("frontend-1", "frontend-2"):
            own = free_port()
            clients, listen, to_orders = await link(own), await link(port, postgres=True), await link(ports["orders"])
            urls = {"CAFE_LISTEN_URL": through(listen), "CAFE_ORDERS_URL": f"http://127.0.0.1:{to_orders.port}"}
            fronts.append(Front(await begin("frontend", label, own, **urls), clients, listen, to_orders))
        harness = Harness(server, database, orders, kitchen, (fronts[0], fronts[1]), http, folder)
        await harness.until_well()
        yield harness
