"""The settings, parsed from CAFE_ variables once, at the start."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from apps.kit.paths import ROOT
from apps.kit.settings.environment import explain, read, variable
from apps.kit.settings.values import (
    addresses,
    file,
    machine_timezone,
    origins,
    password,
    state_folder,
    switch,
    url_of,
    zone,
)
from apps.kit.user_error import UserError

SECRETS = frozenset(
    {
        "secret",
        "staff_password",
        "database_url",
        "read_database_url",
        "listen_url",
        "orders_role_password",
        "listen_role_password",
        "oidc_client_secret",
    }
)

Port = Annotated[int, Field(ge=1, le=65535)]
PostgresUrl = Annotated[str, BeforeValidator(url_of("postgresql", "postgres"))]
HttpUrl = Annotated[str, BeforeValidator(url_of("http", "https"))]


class Environment(StrEnum):
    development = "development"
    production = "production"


class SettingsError(UserError):
    """The café cannot start with these settings."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True)
class Settings:
    """Each field is the variable of its name: `orders_port` is CAFE_ORDERS_PORT."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    env: Environment = Environment.development
    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    frontend_port: Port = 5000
    orders_port: Port = 5001
    kitchen_port: Port = 5002
    orders_url: HttpUrl = ""
    kitchen_url: HttpUrl = ""
    database_url: PostgresUrl | None = field(default=None, repr=False)
    database_pooler: Literal["none", "transaction"] = "none"
    read_database_url: PostgresUrl | None = field(default=None, repr=False)
    listen_url: PostgresUrl | None = field(default=None, repr=False)
    orders_role_password: str = field(default="", repr=False)
    listen_role_password: str = field(default="", repr=False)
    keep_orders_days: Annotated[int | None, Field(ge=1, le=36_500)] = None
    keep_names_days: Annotated[int, Field(ge=1, le=36_500)] = 30
    state_dir: Annotated[Path, BeforeValidator(state_folder)] = ROOT / ".cafe"
    secret: str = field(default="", repr=False)
    staff_password: Annotated[str, BeforeValidator(password)] = field(default="", repr=False)
    cors_origins: Annotated[tuple[str, ...], BeforeValidator(origins)] = ()
    oidc_issuer: HttpUrl = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = field(default="", repr=False)
    oidc_allowed: Annotated[tuple[str, ...], BeforeValidator(addresses)] = ()
    tls_certificate: Annotated[Path | None, BeforeValidator(file)] = None
    tls_key: Annotated[Path | None, BeforeValidator(file)] = None
    trusted_hops: Annotated[int, Field(ge=0, le=10)] = 0
    rate_limits: Annotated[bool, BeforeValidator(switch)] = True
    sockets: Annotated[int, Field(ge=1)] = 15_000
    sockets_per_address: Annotated[int, Field(ge=1)] = 2_000
    connections: Annotated[int, Field(ge=1)] = 2_000
    connections_per_address: Annotated[int, Field(ge=1)] = 64
    otlp_endpoint: HttpUrl = ""
    metrics: Literal["open", "token"] = "open"
    timezone: Annotated[ZoneInfo, BeforeValidator(zone)] = field(default_factory=machine_timezone)
    log: Literal["text", "json"] = field(default_factory=lambda: "text" if sys.stdout.isatty() else "json")

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> Self:
        """Raises SettingsError with one line per fault. An empty variable counts as not set."""
        given, faults = read(environ, [one.name for one in fields(cls)], SECRETS)
        try:
            settings = TypeAdapter(cls).validate_python(given)
        except ValidationError as error:
            raise SettingsError(faults + [explain(dict(one), given, SECRETS) for one in error.errors()]) from None
        if (settings.tls_certificate is None) is not (settings.tls_key is None):
            faults.append("CAFE_TLS_CERTIFICATE and CAFE_TLS_KEY belong together: set both, or neither")
        openid = (settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret, settings.oidc_allowed)
        if any(openid) and not all(openid):
            faults.append("CAFE_OIDC_ISSUER, _CLIENT_ID, _CLIENT_SECRET and _ALLOWED belong together: set all, or none")
        if faults:
            raise SettingsError(faults)
        return replace(
            settings,
            orders_url=settings.orders_url or settings.address_of("orders"),
            kitchen_url=settings.kitchen_url or settings.address_of("kitchen"),
        )

    def port_of(self, service: str) -> int:
        match service:
            case "frontend":
                return self.frontend_port
            case "orders":
                return self.orders_port
            case _:
                return self.kitchen_port

    def address_of(self, service: str) -> str:
        """The URL at which a program on this machine reaches a service."""
        return self.url_of(service, {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host))

    def url_of(self, service: str, host: str) -> str:
        """The service's URL by this name or address of its machine."""
        host = f"[{host}]" if ":" in host and not host.startswith("[") else host
        scheme = "https" if service == "frontend" and self.tls_certificate else "http"
        return f"{scheme}://{host}:{self.port_of(service)}"


FIELDS = tuple(one.name for one in fields(Settings))
VARIABLES = tuple(variable(name) for name in FIELDS)
