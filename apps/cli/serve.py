"""`cafe serve`: one service in the foreground; what a container runs, and `cafe up` three times."""

import argparse
import asyncio
import os
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
    app = import_module(f"apps.{args.service}.app").create_app(settings)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(
                run(
                    app,
                    settings.host,
                    settings.port_of(args.service),
                    certificate=certificate_for(settings, args.service),
                    limits=connection_limits_for(settings, args.service),
                )
            )
    except (StartFailed, OSError) as error:
        raise UserError(f"{args.service} cannot start: {error}") from error
    return 0
