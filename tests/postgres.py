"""How tests get PostgreSQL: one real server a session, and for each test its own copy of a migrated database.

TEST_POSTGRES_BIN=/usr/lib/postgresql/15/bin runs the same tests on another PostgreSQL.
"""

import asyncio
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from signal import SIGINT, SIGQUIT, SIGTERM
from typing import Any, Literal

import pytest

from apps.cli.sample_menu import insert_sample_menu
from apps.kit.database.migrations import migrate
from apps.kit.postgres import data_folder, embedded
from apps.kit.postgres.run_as import choose_account
from apps.kit.process.child_process import ends_with_parent
from tests.ports import free_port

TEMPLATE = "template_cafe"
STOP_SIGNALS = {"smart": SIGTERM, "fast": SIGINT, "immediate": SIGQUIT}
FOR_TESTS = {**embedded.OPTIONS, "fsync": "off", "full_page_writes": "off"}


def binaries() -> Path:
    """Which PostgreSQL the tests run on."""
    named = os.environ.get("TEST_POSTGRES_BIN")
    return Path(named) if named else embedded.binaries_in_wheel()


class PostgresServer:
    """A server that a test may also stop and start again; it keeps its port and its data."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "postgres.log"
        bin_folder = binaries()
        run_as = choose_account(bin_folder, folder)
        asyncio.run(data_folder.prepare(folder / "data", bin_folder, "test-password", run_as))
        self.server = embedded.Server(
            bin_folder, folder / "data", "test-password", run_as, free_port(), options=FOR_TESTS
        )
        self._names = count(1)
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: str) -> str:
        return self.server.url(database)

    def start(self) -> None:
        with self.log.open("ab") as log:
            options: Any = {
                "preexec_fn": ends_with_parent(SIGINT, self.server.run_as.become),
                "stdout": log,
                "stderr": log,
            }
            self._process = subprocess.Popen(self.server.command(), cwd="/", **options)  # noqa: S603
        deadline = time.monotonic() + 60
        while self._psql("postgres", "select 1").returncode:
            assert self._process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)

    def stop(self, mode: Literal["fast", "immediate", "smart"] = "fast") -> None:
        if self._process and self._process.poll() is None:
            self._process.send_signal(STOP_SIGNALS[mode])
            self._process.wait(30)

    def execute(self, database: str, statement: str) -> None:
        done = self._psql(database, statement)
        assert done.returncode == 0, done.stderr

    def create_database(self, template: str = TEMPLATE) -> str:
        """A copy of the migrated database with the sample menu; its owner's URL."""
        name = f"test_{next(self._names)}"
        self.execute("postgres", f"create database {name} template {template}")
        if template == TEMPLATE:
            # a copy would begin a new epoch at its first write, as a restored database must
            self.execute(name, "update stream_head set epoch = gen_random_uuid(), home = history_home()")
        return self.url(name)

    def drop(self, url: str) -> None:
        self.execute("postgres", f"drop database if exists {url.rpartition('/')[2]} with (force)")

    def _psql(self, database: str, statement: str) -> "subprocess.CompletedProcess[str]":
        psql = [
            str(self.server.binaries / "psql"),
            "-XqAt",
            "-v",
            "ON_ERROR_STOP=1",
            "-c",
            statement,
            self.url(database),
        ]
        return subprocess.run(psql, check=False, capture_output=True, text=True)  # noqa: S603


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    # not pytest's own tmp_path: only its owner may enter that, and as root the server runs as nobody
    folder = Path(tempfile.mkdtemp(prefix="cafe-tests-"))
    folder.chmod(0o711)
    try:
        server = PostgresServer(folder)
        server.start()
        try:
            server.execute("postgres", f"create database {TEMPLATE}")
            asyncio.run(migrate(server.url(TEMPLATE)))
            asyncio.run(insert_sample_menu(server.url(TEMPLATE)))
            yield server
        finally:
            server.stop("immediate")
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def database_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The owner's URL of a database that is this test's alone."""
    url = postgres_server.create_database()
    yield url
    postgres_server.drop(url)
