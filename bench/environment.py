"""What is measured on: a PostgreSQL that keeps what it acknowledged, and services in processes of their own."""

import asyncio
import os
import secrets
import shutil
import signal
import sys
import tempfile
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import asyncpg
import httpx
import psutil  # type: ignore[import-untyped]

from apps.cli.sample_menu import insert_sample_menu
from apps.kit.database.migrations import migrate
from apps.kit.paths import ROOT
from apps.kit.postgres import data_folder, embedded
from apps.kit.postgres.run_as import choose_account
from apps.kit.process.child_process import spawn
from apps.kit.web.http_client import as_bearer
from apps.kit.web.tokens import Role, mint

SECRET = secrets.token_urlsafe(48)
STARTS_WITHIN_SECONDS = 60
STOPS_WITHIN_SECONDS = 15
OPTIONS = {**embedded.OPTIONS, "max_connections": "200"}


def token(role: Role = Role.SERVICE) -> dict[str, str]:
    """A header that lets its bearer in, and past the limits."""
    return as_bearer(mint(SECRET, subject=f"{role}:bench", role=role, lifetime=timedelta(hours=2)))


@dataclass(frozen=True)
class Program:
    """A process whose cost can be read."""

    process: Process

    def cpu_seconds(self) -> float:
        """Spent so far, with its children, also those that have ended."""
        me = psutil.Process(self.process.pid)
        while True:
            try:
                living = [child.cpu_times() for child in me.children(recursive=True)]
            except psutil.NoSuchProcess:  # one has just ended: count once more
                continue
            own = me.cpu_times()
            ended = own.children_user + own.children_system
            return float(own.user + own.system + ended + sum(each.user + each.system for each in living))

    def memory_kib(self) -> float:
        """Resident, without its children."""
        return float(psutil.Process(self.process.pid).memory_info().rss) / 1024

    async def stop(self, stop_signal: signal.Signals = signal.SIGTERM) -> None:
        """Ends it, in good order where it can."""
        if self.process.returncode is None:
            self.process.send_signal(stop_signal)
            try:
                await asyncio.wait_for(self.process.wait(), STOPS_WITHIN_SECONDS)
            except TimeoutError:
                self.process.kill()
                await self.process.wait()


@dataclass(frozen=True)
class Postgres:
    """One server."""

    server: embedded.Server
    program: Program

    async def database(self, name: str) -> str:
        """The owner's URL of a new café."""
        connection = await asyncpg.connect(self.server.url("postgres"))
        try:
            await connection.execute(f'create database "{name}"')
        finally:
            await connection.close()
        url = self.server.url(name)
        await migrate(url)
        await insert_sample_menu(url)
        return url


@asynccontextmanager
async def postgres() -> AsyncIterator[Postgres]:
    """A server of our own, durable as by default; nothing of it is left."""
    folder = Path(tempfile.mkdtemp(prefix="cafe-bench-"))
    os.chmod(folder, 0o711)  # noqa: PTH101, S103 - root's PostgreSQL is somebody else's
    try:
        binaries, password = embedded.binaries_in_wheel(), secrets.token_urlsafe(16)
        run_as = choose_account(binaries, folder)
        await data_folder.prepare(folder / "data", binaries, password, run_as)
        server = embedded.Server(binaries, folder / "data", password, run_as, options=OPTIONS)
        program = Program(await server.start(folder / "log"))
        try:
            await server.ready()
            yield Postgres(server, program)
        finally:
            await program.stop(signal.SIGINT)
    finally:
        shutil.rmtree(folder)


@dataclass
class Cafe:
    """Running services by name, and where each is reached."""

    programs: dict[str, list[Program]] = field(default_factory=dict)
    bases: dict[str, list[str]] = field(default_factory=dict)

    def cpu_seconds(self) -> dict[str, float]:
        """By the service's name, all its replicas together."""
        return {name: sum(each.cpu_seconds() for each in programs) for name, programs in self.programs.items()}


@asynccontextmanager
async def cafe(database_url: str, replicas: int = 1, **variables: str) -> AsyncIterator[Cafe]:
    """So many of each service; the n-th frontend and kitchen ask the n-th orders service."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="cafe-bench-log-"))
        http = await stack.enter_async_context(httpx.AsyncClient(trust_env=False))
        running = Cafe({}, {})
        for number in range(replicas):
            ports = {name: embedded.free_port() for name in ("orders", "kitchen", "frontend")}
            settings = {
                "CAFE_SECRET": SECRET,
                "CAFE_STAFF_PASSWORD": secrets.token_urlsafe(16),
                "CAFE_RATE_LIMITS": "off",
                "CAFE_SOCKETS": "60000",
                "CAFE_SOCKETS_PER_ADDRESS": "60000",
                "CAFE_CONNECTIONS": "20000",
                "CAFE_CONNECTIONS_PER_ADDRESS": "20000",
                "CAFE_LOG": "json",
                "CAFE_STATE_DIR": f"{folder}/state",
                "CAFE_DATABASE_URL": database_url,
                "CAFE_LISTEN_URL": database_url,
                **{f"CAFE_{name.upper()}_PORT": str(port) for name, port in ports.items()},
                **variables,
            }
            for name, port in ports.items():
                program = await _serve(name, settings, Path(folder) / f"{name}-{number}.log")
                stack.push_async_callback(program.stop)
                running.programs.setdefault(name, []).append(program)
                running.bases.setdefault(name, []).append(f"http://127.0.0.1:{port}")
        for base in (base for bases in running.bases.values() for base in bases):
            await _until_healthy(http, base)
        yield running


async def _serve(name: str, settings: dict[str, str], log: Path) -> Program:
    plain = {key: value for key, value in os.environ.items() if not key.startswith("CAFE_")}
    command = [sys.executable, "-P", "-m", "apps", "serve", name]
    with log.open("ab") as output:
        environment = {**plain, **settings, "PYTHONPATH": str(ROOT)}
        return Program(await spawn(command, signal.SIGKILL, stdout=output, stderr=output, env=environment))


async def _until_healthy(http: httpx.AsyncClient, base: str) -> None:
    async with asyncio.timeout(STARTS_WITHIN_SECONDS):
        while True:
            try:
                if (await http.get(f"{base}/health")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.05)
