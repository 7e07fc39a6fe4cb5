"""A service in a process of its own, started again whenever it dies."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping
from pathlib import Path

import httpx

from apps.kit.paths import ROOT
from apps.kit.process.child_process import spawn

STARTS_WITHIN_SECONDS = 60
STOPS_WITHIN_SECONDS = 15


class RunningService:
    """`python -m apps serve <name>`; `base` is where it is reached without any proxy between."""

    def __init__(self, name: str, label: str, base: str, settings: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.label = label
        self.base = base
        self.log = log
        self.starts = 0
        self._settings = settings
        self._process: Process | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        self._keeper = asyncio.ensure_future(self._keep_running())

    async def _keep_running(self) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CAFE_")}
        environment |= {**self._settings, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        command = [sys.executable, "-P", "-m", "apps", "serve", self.name]
        while True:
            with self.log.open("ab") as log:
                self._process = await spawn(command, signal.SIGKILL, stdout=log, stderr=log, env=environment)
            self.starts += 1
            await self._process.wait()

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal; a process that is just gone needs none."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    async def stop(self) -> None:
        """Ends it for good, in good order where it can."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self._process is not None and self._process.returncode is None:
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self._process.wait(), STOPS_WITHIN_SECONDS)
            except TimeoutError:
                self.signal(signal.SIGKILL)
                await self._process.wait()

    async def answers(self, http: httpx.AsyncClient, path: str = "/livez") -> bool:
        """Whether it says 200."""
        try:
            return (await http.get(self.base + path, timeout=2.0)).status_code == 200
        except httpx.HTTPError:
            return False

    async def until_it_runs(self, http: httpx.AsyncClient, after: int, path: str = "/livez") -> None:
        """Waits until it was started more than `after` times, and answers."""
        async with asyncio.timeout(STARTS_WITHIN_SECONDS):
            while self.starts <= after or not await self.answers(http, path):
                await asyncio.sleep(0.02)
