"""The three services as `cafe up` starts them, each env only what it needs."""

import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import Mapping
from dataclasses import dataclass, field
from signal import SIGKILL, SIGTERM

from apps.cli.console import Console
from apps.kit.paths import ROOT
from apps.kit.process.child_process import spawn
from apps.kit.process.supervisor import Child
from apps.kit.settings.settings import Settings

STOP_SIGNALS = ((SIGTERM, 6.0), (SIGKILL, 1.0))
LONGEST_LOG_LINE = 2**20
AS_GIVEN = (
    "CAFE_CORS_ORIGINS",
    "CAFE_TLS_CERTIFICATE",
    "CAFE_TLS_KEY",
    "CAFE_TRUSTED_HOPS",
    "CAFE_RATE_LIMITS",
    "CAFE_SOCKETS",
    "CAFE_SOCKETS_PER_ADDRESS",
    "CAFE_TIMEZONE",
    "CAFE_DATABASE_POOLER",
    "CAFE_KEEP_ORDERS_DAYS",
    "CAFE_KEEP_NAMES_DAYS",
)


@dataclass(frozen=True)
class DatabaseUrls:
    """One database as seen by three roles."""

    owner: str = field(repr=False)
    orders: str = field(repr=False)
    listen: str = field(repr=False)


def child(service: str, settings: Settings, urls: DatabaseUrls, environ: Mapping[str, str], console: Console) -> Child:
    environment = _environment(service, settings, urls, environ)

    async def start() -> Process:
        command = [sys.executable, "-P", "-m", "apps", "serve", service]
        return await spawn(command, SIGTERM, stdout=PIPE, stderr=STDOUT, limit=LONGEST_LOG_LINE, env=environment)

    return Child(service, start, STOP_SIGNALS, console.of(service), lambda: "What it output is above.")


def _environment(service: str, settings: Settings, urls: DatabaseUrls, environ: Mapping[str, str]) -> dict[str, str]:
    plain = {name: value for name, value in environ.items() if not name.startswith("CAFE_")}
    given = {name: environ[name] for name in AS_GIVEN if name in environ}
    own = {
        "orders": {"CAFE_DATABASE_URL": urls.orders, "CAFE_READ_DATABASE_URL": settings.read_database_url or ""},
        "frontend": {"CAFE_LISTEN_URL": urls.listen, **_openid(settings)},
    }
    env = {
        "CAFE_ENV": settings.env.value,
        "CAFE_HOST": settings.host,
        "CAFE_FRONTEND_PORT": str(settings.frontend_port),
        "CAFE_ORDERS_PORT": str(settings.orders_port),
        "CAFE_KITCHEN_PORT": str(settings.kitchen_port),
        "CAFE_ORDERS_URL": settings.orders_url,
        "CAFE_KITCHEN_URL": settings.kitchen_url,
        "CAFE_STATE_DIR": str(settings.state_dir),
        "CAFE_SECRET": settings.secret,
        "CAFE_STAFF_PASSWORD": settings.staff_password,
        "CAFE_LOG": settings.log,
    }
    return plain | given | env | own.get(service, {}) | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


def _openid(settings: Settings) -> dict[str, str]:
    if not settings.oidc_issuer:
        return {}
    return {
        "CAFE_OIDC_ISSUER": settings.oidc_issuer,
        "CAFE_OIDC_CLIENT_ID": settings.oidc_client_id,
        "CAFE_OIDC_CLIENT_SECRET": settings.oidc_client_secret,
        "CAFE_OIDC_ALLOWED": ",".join(settings.oidc_allowed),
    }
