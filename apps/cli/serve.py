"""`cafe serve`: one service in the foreground; what a container runs, and `cafe up` three times."""

import argparse
import asyncio
import os
from importlib import import_module

import uvloop

from apps.kit import logs
from apps.kit.plain_error import PlainError
from apps.kit.production import refusals
from apps.kit.server import StartFailed, certificate_for, doorway_for, run
from apps.kit.settings import Environment, Settings, SettingsError
from apps.kit.state_folder import with_password, with_secret


def serve(chosen: argparse.Namespace) -> int:
    settings = Settings.load(os.environ)
    if faults := refusals(settings, chosen.service, os.environ):
        raise SettingsError(faults)
    if settings.env is Environment.development:
        settings = with_secret(settings)
        settings = with_password(settings) if chosen.service == "orders" else settings
    logs.configure(settings.log, chosen.service)
    app = import_module(f"apps.{chosen.service}.app").create_app(settings)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(
                run(
                    app,
                    settings.host,
                    settings.port_of(chosen.service),
                    certificate=certificate_for(settings, chosen.service),
                    doorway=doorway_for(settings, chosen.service),
                )
            )
    except (StartFailed, OSError) as error:
        raise PlainError(f"{chosen.service} cannot start: {error}") from error
    return 0
