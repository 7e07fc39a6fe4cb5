"""Runs one service on Hypercorn until it is told to stop, and then stops in good order."""

import asyncio
import logging
import signal
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import structlog
from hypercorn.config import Config
from hypercorn.utils import LifespanFailureError

from apps.kit.server import hypercorn_patches
from apps.kit.server.connection_limits import ConnectionLimits
from apps.kit.server.open_files import most_connections
from apps.kit.server.serving import serve
from apps.kit.settings.settings import Settings
from apps.kit.web.service import Service

log = structlog.get_logger("cafe.server")
DRAIN_SECONDS = 6.0
BACKLOG = 2048
MOST_CONNECTIONS = 2000
UNACKNOWLEDGED_MILLISECONDS = 10_000


class StartFailed(Exception):
    """The service could not start."""


def listen(host: str, port: int) -> socket.socket:
    """A socket to accept connections on. Raises OSError where the port cannot be had.

    A peer that has not acknowledged anything for 10 s is given up by the kernel (Linux, tcp(7) TCP_USER_TIMEOUT), and
    so is one whose host is gone: every live stream sends something at least every 10 s. A ping may go unanswered for
    no longer either: a phone that was in a tunnel comes back and resumes.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MILLISECONDS)
    return listener


@dataclass(frozen=True)
class Certificate:
    """What HTTPS is served with: two PEM files."""

    chain: Path
    key: Path


def certificate_for(settings: Settings, service: str) -> Certificate | None:
    """The frontend's certificate, if there is one: the services behind it are called by it alone, inside."""
    if service != "frontend" or settings.tls_certificate is None or settings.tls_key is None:
        return None
    return Certificate(settings.tls_certificate, settings.tls_key)


def connection_limits_for(settings: Settings, service: str) -> ConnectionLimits:
    """How many connections a service takes.

    Behind a proxy, and between the services, all come from the same few addresses: there only their sum counts.
    """
    alone = service != "frontend" or settings.trusted_hops > 0
    return ConnectionLimits(
        settings.connections, settings.connections if alone else settings.connections_per_address, most_connections()
    )


def configuration(certificate: Certificate | None) -> Config:
    """How Hypercorn is set up for every service."""
    config = Config()
    if certificate is not None:
        config.certfile, config.keyfile = str(certificate.chain), str(certificate.key)
    config.alpn_protocols = ["http/1.1"]
    config.errorlog = logging.getLogger("hypercorn.error")
    config.accesslog = None
    config.graceful_timeout = 1
    config.include_server_header = False
    config.keep_alive_timeout = 75
    config.ssl_handshake_timeout = 10
    config.startup_timeout = 120
    config.websocket_max_message_size = 4096
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


async def run(
    app: Service,
    host: str,
    port: int,
    until: Callable[[], Awaitable[None]] | None = None,
    *,
    certificate: Certificate | None = None,
    limits: ConnectionLimits | None = None,
) -> None:
    """Serves `app` until `until` returns (by default: SIGTERM or SIGINT), then drains it and returns.

    Raises StartFailed where the app's own start fails, OSError where the port cannot be had.
    """
    hypercorn_patches.apply()
    wait = until or stop_on_signals()
    limits = limits or ConnectionLimits(MOST_CONNECTIONS, MOST_CONNECTIONS, most_connections())

    async def shutdown() -> None:
        await wait()
        log.info("stopping")
        try:
            await asyncio.wait_for(app.drain(), DRAIN_SECONDS)
        except TimeoutError:
            log.warning("not everything ended in time", seconds=DRAIN_SECONDS)

    with listen(host, port) as listener:
        log.info("serving", address=f"{'https' if certificate else 'http'}://{host}:{listener.getsockname()[1]}")
        try:
            await serve(app, configuration(certificate), listener, limits, shutdown)
        except LifespanFailureError as error:
            raise StartFailed(app.why_it_cannot_start or str(error)) from error
