"""`cafe serve`: one service in the foreground; what a container runs, and `cafe up` three times."""

import argparse
import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from importlib import import_module

import structlog
import uvloop

from apps.domain.numbers import redact
from apps.kit.server.server import StartFailed, certificate_for, connection_limits_for, run
from apps.kit.settings.production import refusals
from apps.kit.settings.settings import Environment, Settings, SettingsError
from apps.kit.settings.state_folder import with_password, with_secret
from apps.kit.telemetry import logs
from apps.kit.user_error import UserError

log = structlog.get_logger("cafe.serve")


def serve(args: argparse.Namespace) -> int:
    settings = Settings.load(os.environ)
    if faults := refusals(settings, args.service, os.environ):
        raise SettingsError(faults)
    logs.configure(settings.log, args.service, redact)
    if settings.env is Environment.development:
        settings = _completed(with_secret(settings), args.service)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(run_service(settings, args.service))
    except (StartFailed, OSError) as error:
        raise UserError(f"{args.service} cannot start: {error}") from error
    return 0


def _completed(settings: Settings, service: str) -> Settings:
    """What development may leave out: the staff password, and a LISTEN connection with a role of its own."""
    match service:
        case "orders":
            return with_password(settings)
        case "frontend" if not settings.listen_url:
            log.warning("CAFE_LISTEN_URL is not set: listening as CAFE_DATABASE_URL, which production refuses")
            return replace(settings, listen_url=settings.database_url)
        case _:
            return settings


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
