"""`cafe serve`: one service in the foreground; what a container runs, and `cafe up` three times."""

import argparse
import asyncio
import os
from collections.abc import Awaitable, Callable
from importlib import import_module

import uvloop

from apps.domain.numbers import redact
from apps.kit.server.server import StartFailed, certificate_for, connection_limits_for, run
from apps.kit.settings.production import refusals
from apps.kit.settings.settings import Environment, Settings, SettingsError
from apps.kit.settings.state_folder import with_password, with_secret
from apps.kit.telemetry import logs
from apps.kit.user_error import UserError


def serve(args: argparse.Namespace) -> int:
    settings = Settings.load(os.environ)
    if faults := refusals(settings, args.service, os.environ):
        raise SettingsError(faults)
    if settings.env is Environment.development:
        settings = with_secret(settings)
        settings = with_password(settings) if args.service == "orders" else settings
    logs.configure(settings.log, args.service, redact)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(run_service(settings, args.service))
    except (StartFailed, OSError) as error:
        raise UserError(f"{args.service} cannot start: {error}") from error
    return 0


async def run_service(settings: Settings, service: str, until: Callable[[], Awaitable[None]] | None = None) -> None:
    """Runs one service until `until` returns (by default: SIGTERM or SIGINT)."""
    app = import_module(f"apps.{service}.app").create_app(settings)
    await run(
        app,
        settings.host,
        settings.port_of(service),
        until,
        certificate=certificate_for(settings, service),
        limits=connection_limits_for(settings, service),
    )
