"""A real `cafe up` for the tests: its own folder, its own ports, and nothing of it left afterwards."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError

from apps.kit.paths import ROOT
from apps.kit.settings.recipients import SERVICES
from tests.ports import free_port

OPEN = "Ctrl-C closes the café"


def eventually(find: Callable[[], Any], what: str, seconds: float = 30) -> Any:
    """The first true answer of `find`; what was awaited fails the test when the time is over."""
    deadline = time.monotonic() + seconds
    while not (found := find()):
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.02)
    return found


@dataclass
class Cafe:
    """One `cafe up` after another on the same folder and ports."""

    folder: Path
    ports: dict[str, int] = field(default_factory=lambda: {service: free_port() for service in SERVICES})
    extra: dict[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[str] | None" = None
    lines: list[str] = field(default_factory=list)

    @property
    def output(self) -> str:
        return "".join(self.lines)

    def environment(self) -> dict[str, str]:
        plain = {name: value for name, value in os.environ.items() if not name.startswith("CAFE_")}
        ports = {f"CAFE_{service.upper()}_PORT": str(port) for service, port in self.ports.items()}
        return (
            plain
            | ports
            | {"CAFE_STATE_DIR": str(self.folder), "CAFE_LOG": "text", "PYTHONPATH": str(ROOT)}
            | self.extra
        )

    def launch(self, terminal: int | None = None) -> "subprocess.Popen[str]":
        """Start it without waiting for anything; `terminal` becomes its standard input."""
        self.lines.clear()
        command = [sys.executable, "-P", "-m", "apps", "up"]
        process = subprocess.Popen(  # noqa: S603
            command,
            env=self.environment(),
            stdin=terminal if terminal is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.process = process
        self._reader = threading.Thread(target=self._read, args=(process,))
        self._reader.start()
        return process

    def _read(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout
        with process.stdout as output:
            for line in output:
                self.lines.append(line)

    def open(self, terminal: int | None = None) -> None:
        process = self.launch(terminal)
        eventually(lambda: OPEN in self.output or process.poll() is not None, "the café is open", 60)
        assert process.poll() is None, self.output

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        assert self.process
        self.process.send_signal(how)
        return self.ended(15)

    def ended(self, seconds: float) -> int:
        """Its exit status, once all it wrote has been read."""
        assert self.process
        status = self.process.wait(seconds)
        self._reader.join(seconds)
        return status

    def status(self, service: str, path: str) -> int:
        """What the service answers there; 0 where nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[service]}{path}", timeout=5) as answer:
                return int(answer.status)
        except HTTPError as refusal:
            return refusal.code
        except URLError:
            return 0

    def health(self, service: str) -> int:
        return self.status(service, "/health")

    def all_healthy(self) -> bool:
        return all(self.health(service) == 200 for service in SERVICES)

    def processes(self) -> dict[int, str]:
        """What runs on this folder, by process id: ours know the folder from their environment, PostgreSQL by name."""
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                told = f"CAFE_STATE_DIR={self.folder}\0".encode() in (entry / "environ").read_bytes()
            except OSError:
                continue
            if command and (told or str(self.folder) in command):
                found[int(entry.name)] = command
        return found

    def pid_of(self, words: str) -> int:
        return next((pid for pid, command in self.processes().items() if words in command), 0)


@contextmanager
def cafe_folder() -> Iterator[Cafe]:
    # not pytest's tmp_path: as root PostgreSQL runs as nobody, who may not enter that
    folder = Path(tempfile.mkdtemp(prefix="cafe-up-"))
    folder.chmod(0o711)
    cafe = Cafe(folder / "state")
    try:
        yield cafe
    finally:
        if cafe.process and cafe.process.poll() is None:
            cafe.end()
        if cafe.process:
            cafe.ended(15)
        shutil.rmtree(folder)
