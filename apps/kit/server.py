"""Runs one service on Hypercorn until it is told to stop, and then stops in good order."""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable

import structlog
from hypercorn.asyncio import serve
from hypercorn.config import Config
from hypercorn.utils import LifespanFailureError

from apps.kit import hardening
from apps.kit.service import Service

log = structlog.get_logger("cafe.server")
DRAIN_SECONDS = 6.0


class StartFailed(Exception):
    """The service could not start."""


def configuration(host: str, port: int) -> Config:
    """How Hypercorn is set up for every service."""
    config = Config()
    config.bind = [f"[{host}]:{port}" if ":" in host else f"{host}:{port}"]
    config.alpn_protocols = ["http/1.1"]
    config.backlog = 2048
    config.errorlog = logging.getLogger("hypercorn.error")
    config.accesslog = None
    config.graceful_timeout = 1
    config.include_server_header = False
    config.keep_alive_timeout = 75
    config.read_timeout = 60
    config.startup_timeout = 120
    config.websocket_max_message_size = 4096
    config.websocket_ping_interval = 20
    return config


def stop_on_signals() -> Callable[[], Awaitable[None]]:
    """A coroutine function that returns at the first SIGTERM or SIGINT."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)

    async def wait() -> None:
        await stopping.wait()

    return wait


async def run(app: Service, host: str, port: int, until: Callable[[], Awaitable[None]] | None = None) -> None:
    """Serves `app` until `until` returns (by default: SIGTERM or SIGINT), then drains it and returns.

    Raises StartFailed where the app's own start fails, OSError where the port cannot be had.
    """
    hardening.apply()
    wait = until or stop_on_signals()

    async def shutdown() -> None:
        await wait()
        log.info("stopping")
        try:
            await asyncio.wait_for(app.drain(), DRAIN_SECONDS)
        except TimeoutError:
            log.warning("not everything ended in time", seconds=DRAIN_SECONDS)

    try:
        await serve(app, configuration(host, port), shutdown_trigger=shutdown)
    except LifespanFailureError as error:
        raise StartFailed(str(error)) from error
