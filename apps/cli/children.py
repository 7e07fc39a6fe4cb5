"""The three services as `cafe up` starts them, each with the settings that it reads."""

import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from signal import SIGKILL, SIGTERM

from apps.cli.console import Console
from apps.kit.paths import ROOT
from apps.kit.process.child_process import spawn
from apps.kit.process.supervisor import Child
from apps.kit.settings.environment import read, variable, without_settings
from apps.kit.settings.recipients import settings_of
from apps.kit.settings.settings import FIELDS, SECRETS, Settings

STOP_SIGNALS = ((SIGTERM, 6.0), (SIGKILL, 1.0))
LONGEST_LOG_LINE = 2**20


@dataclass(frozen=True)
class DatabaseUrls:
    """One database as seen by three roles."""

    owner: str = field(repr=False)
    orders: str = field(repr=False)
    listen: str = field(repr=False)


def child(
    service: str, environment: Mapping[str, str], console: Console, processes: MutableMapping[str, Process]
) -> Child:
    """A service to be supervised; its present process is kept in `processes`, by the service's name."""

    async def start() -> Process:
        command = [sys.executable, "-P", "-m", "apps", "serve", service]
        processes[service] = await spawn(
            command, SIGTERM, stdout=PIPE, stderr=STDOUT, limit=LONGEST_LOG_LINE, env=environment
        )
        return processes[service]

    return Child(service, start, STOP_SIGNALS, console.of(service), lambda: "What it output is above.")


def environment_of(service: str, settings: Settings, urls: DatabaseUrls, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of one service: every setting it reads (apps.kit.settings.recipients), and no other."""
    given, _ = read(environ, FIELDS, SECRETS)
    derived = {
        "orders_url": settings.orders_url,
        "kitchen_url": settings.kitchen_url,
        "database_url": urls.orders,
        "listen_url": urls.listen,
        "state_dir": str(settings.state_dir),
        "secret": settings.secret,
        "staff_password": settings.staff_password,
        "log": settings.log,
    }
    ours = {variable(name): value for name, value in (given | derived).items() if name in settings_of(service)}
    return without_settings(environ) | ours | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
