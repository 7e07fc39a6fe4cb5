"""A real streaming standby of a server of ours."""

import os
import subprocess
from contextlib import suppress
from pathlib import Path
from signal import SIGCONT, SIGSTOP

from apps.kit.postgres import embedded
from apps.kit.postgres.run_as import change_owner
from tests.postgres import FOR_TESTS, PostgresServer


class Standby(PostgresServer):
    """Copied by pg_basebackup; follows its primary by streaming until it is promoted, paused or stopped."""

    def __init__(self, folder: Path, primary: PostgresServer) -> None:
        of = primary.server
        self.log = folder / "standby.log"
        data = folder / "standby"
        copy = [of.binaries / "pg_basebackup", "-D", data, "-R", "-X", "stream", "-c", "fast", "-d", of.url("postgres")]
        subprocess.run(copy, check=True, capture_output=True)  # noqa: S603
        data.chmod(0o700)
        change_owner(data, of.run_as.owner)
        self.server = embedded.Server(
            of.binaries, data, of.password, of.run_as, options={**FOR_TESTS, "log_statement": "all"}
        )
        self._process = None

    def lists_asked_of_it(self) -> int:
        return self.log.read_text(errors="replace").count("WITH page AS")

    def pause(self, *, really: bool) -> None:
        """It takes connections, but applies nothing until it goes on."""
        self.execute("postgres", f"select pg_wal_replay_{'pause' if really else 'resume'}()")

    def promote(self) -> None:
        self.execute("postgres", "select pg_promote()")

    def hang(self, *, really: bool) -> None:
        """Its processes do nothing at all; the kernel goes on taking connections for them."""
        assert self._process
        for pid in self._family(self._process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, SIGSTOP if really else SIGCONT)

    @staticmethod
    def _family(pid: int) -> list[int]:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *(descendant for child in children for descendant in Standby._family(int(child)))]
