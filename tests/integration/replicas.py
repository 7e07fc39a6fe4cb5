"""Two of each service, each a process, on one PostgreSQL, behind the real Caddy with the `scale` profile's own file."""

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from apps.kit.paths import ROOT
from apps.kit.process.child_process import spawn
from apps.kit.settings.recipients import SERVICES
from tests.cafe import PASSWORD, SECRET, eventually
from tests.deployment.programs import in_wheel
from tests.faults.service import STARTS_WITHIN_SECONDS, RunningService
from tests.ports import free_port

CADDYFILE = ROOT / "deploy" / "scale.Caddyfile"


@dataclass(frozen=True)
class Replicas:
    """Where everything is; `proxy_url` is where guests come in. A service that dies is started again."""

    proxy_url: str
    running: dict[str, tuple[RunningService, RunningService]]
    http: httpx.AsyncClient

    @property
    def fronts(self) -> tuple[str, str]:
        first, second = self.running["frontend"]
        return first.base, second.base

    async def until_well(self) -> None:
        everyone = [service for both in self.running.values() for service in both]
        for service in everyone:
            await eventually(lambda service=service: service.answers(self.http, "/readyz"), STARTS_WITHIN_SECONDS)
        await eventually(self._door_is_open, STARTS_WITHIN_SECONDS)

    async def _door_is_open(self) -> bool:
        try:
            return (await self.http.get(f"{self.proxy_url}/api/menu")).status_code == 200
        except httpx.TransportError:
            return False


@asynccontextmanager
async def open_replicas(database_url: str, **variables: str) -> AsyncIterator[Replicas]:
    """All of it, well; everything is ended when the block is left."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cafe-replicas-")))
        http = await stack.enter_async_context(httpx.AsyncClient(trust_env=False, timeout=10))
        doors = {name: free_port() for name in SERVICES}
        ports = {name: (free_port(), free_port()) for name in SERVICES}
        settings = {
            "CAFE_SECRET": SECRET,
            "CAFE_STAFF_PASSWORD": PASSWORD,
            "CAFE_RATE_LIMITS": "off",
            "CAFE_TIMEZONE": "Europe/Lisbon",
            "CAFE_LOG": "json",
            "CAFE_STATE_DIR": str(folder / "state"),
            "CAFE_TRUSTED_HOPS": "1",
            "CAFE_DATABASE_URL": database_url,
            "CAFE_LISTEN_URL": database_url,
            "CAFE_ORDERS_URL": f"http://127.0.0.1:{doors['orders']}",
            "CAFE_KITCHEN_URL": f"http://127.0.0.1:{doors['kitchen']}",
            **variables,
        }
        await _begin_caddy(stack, folder, doors, ports)
        running = {}
        for name, (one, other) in ports.items():
            both = []
            for port in (one, other):
                own = {**settings, f"CAFE_{name.upper()}_PORT": str(port)}
                log = folder / f"{name}-{port}.log"
                both.append(RunningService(name, f"{name}-{port}", f"http://127.0.0.1:{port}", own, log))
                stack.push_async_callback(both[-1].stop)
                both[-1].start()
            running[name] = (both[0], both[1])
        replicas = Replicas(f"http://127.0.0.1:{doors['frontend']}", running, http)
        await replicas.until_well()
        yield replicas


async def _begin_caddy(
    stack: AsyncExitStack, folder: Path, doors: dict[str, int], ports: dict[str, tuple[int, int]]
) -> None:
    variables = {"ADMIN": f"127.0.0.1:{free_port()}", "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    for name, variable in (("frontend", "FRONTENDS"), ("orders", "ORDERS"), ("kitchen", "KITCHENS")):
        variables[f"{variable}_AT"] = f"http://127.0.0.1:{doors[name]}"
        variables[variable] = " ".join(f"127.0.0.1:{port}" for port in ports[name])
    command = [str(in_wheel("caddy")), "run", "--config", str(CADDYFILE), "--adapter", "caddyfile"]
    log = stack.enter_context((folder / "caddy.log").open("ab"))
    environment = {"PATH": os.environ.get("PATH", ""), **variables}
    process = await spawn(command, signal.SIGTERM, stdout=log, stderr=log, env=environment)

    async def end() -> None:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), 15)

    stack.push_async_callback(end)
