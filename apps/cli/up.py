"""`cafe up`: the whole café on one machine, until Ctrl-C."""

import argparse
import asyncio
import os
from asyncio.subprocess import Process
from collections.abc import Mapping
from contextlib import suppress
from signal import SIGHUP, SIGINT, SIGTERM

import httpx

from apps.cli.banner import banner
from apps.cli.children import child, environment_of
from apps.cli.console import Console, write
from apps.cli.load_environment import load_environment
from apps.cli.local_database import database
from apps.cli.ports import check_ports
from apps.cli.trust_own_certificate import own_certificate
from apps.kit.process import tasks
from apps.kit.process.supervisor import supervised
from apps.kit.settings.machine import network_addresses
from apps.kit.settings.production import refusals
from apps.kit.settings.recipients import SERVICES
from apps.kit.settings.settings import Environment, Settings, SettingsError
from apps.kit.settings.state_folder import held, with_password, with_secret, write_private
from apps.kit.user_error import UserError

HEALTHY_SECONDS = 120.0


def up(_: argparse.Namespace) -> int:
    environ = load_environment()
    settings = Settings.load(environ)
    if settings.env is Environment.production:
        faults = [fault for service in SERVICES for fault in refusals(settings, service, environ)]
        if faults:
            raise SettingsError(list(dict.fromkeys(faults)))
    return asyncio.run(_run_until_stopped(settings, environ))


async def _run_until_stopped(settings: Settings, environ: Mapping[str, str]) -> int:
    console = Console(text=settings.log == "text")
    force_stop = asyncio.Event()
    processes: dict[str, Process] = {}
    has_terminal = os.isatty(0)
    cafe = tasks.start("cafe", _run(settings, environ, console, force_stop, processes))

    def stop() -> None:
        if cafe.cancelling():
            force_stop.set()
        else:
            console.notify("closing; once more stops it at once")
            cafe.cancel()

    def hang_up() -> None:
        """Stops where the terminal was closed; else restarts the frontend, which reads its certificate again."""
        if has_terminal and not os.isatty(0):
            stop()
        elif settings.tls_certificate and "frontend" in processes:
            console.notify("SIGHUP: restarting the frontend with the present certificate")
            with suppress(ProcessLookupError):
                processes["frontend"].send_signal(SIGTERM)

    for number, handler in ((SIGINT, stop), (SIGTERM, stop), (SIGHUP, hang_up)):
        asyncio.get_running_loop().add_signal_handler(number, handler)
    await asyncio.wait({cafe})
    with suppress(asyncio.CancelledError):
        cafe.result()
    return 0


async def _run(
    settings: Settings,
    environ: Mapping[str, str],
    console: Console,
    force_stop: asyncio.Event,
    processes: dict[str, Process],
) -> None:
    password_is_generated = not settings.staff_password
    settings = with_password(with_secret(settings))
    with held(settings.state_dir):
        check_ports(settings)
        address_file = settings.state_dir / "database-url"
        try:
            async with database(settings, console, force_stop) as urls:
                write_private(address_file, urls.owner)
                environments = {service: environment_of(service, settings, urls, environ) for service in SERVICES}
                children = [child(service, environments[service], console, processes) for service in SERVICES]
                async with supervised(children, console.notify, force_stop) as all_started:
                    await _all_healthy(settings)
                    all_started.set()
                    shown = banner(settings, network_addresses(), password_is_generated=password_is_generated)
                    write(shown.encode())
                    await asyncio.Event().wait()
        finally:
            address_file.unlink(missing_ok=True)


async def _all_healthy(settings: Settings) -> None:
    waiting = set(SERVICES)
    try:
        async with (
            asyncio.timeout(HEALTHY_SECONDS),
            httpx.AsyncClient(trust_env=False, timeout=5, verify=own_certificate(settings)) as client,
        ):
            while waiting:
                for service in sorted(waiting):
                    with suppress(httpx.TransportError):
                        answer = await client.get(f"{settings.address_of(service)}/health")
                        waiting -= {service} if answer.status_code == 200 else set()
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise UserError(f"not healthy after {HEALTHY_SECONDS:g} s: {', '.join(sorted(waiting))}") from None
