"""The settings that a service cannot start without, and those that production refuses."""

from collections.abc import Iterator, Mapping

from apps.kit.settings.settings import Environment, Settings
from apps.kit.telemetry import tracing

SECRET_CHARACTERS = 32
PASSWORD_CHARACTERS = 12
DEBUG_SWITCHES = ("QUART_DEBUG", "FLASK_DEBUG", "PYTHONASYNCIODEBUG", "PYTHONDEVMODE")


def refusals(settings: Settings, service: str, environ: Mapping[str, str]) -> list[str]:
    """One line per fault, with what to do; empty when the service may start."""
    production = settings.env is Environment.production
    return [
        *_traces(settings),
        *_database(settings, service, production=production),
        *(_production(settings, environ) if production else ()),
        *(_password(settings) if production and service == "orders" else ()),
        *(_plain_http(settings) if production and service == "frontend" else ()),
    ]


def _traces(settings: Settings) -> Iterator[str]:
    if settings.otlp_endpoint and tracing.missing():
        yield (
            "CAFE_OTLP_ENDPOINT is set and OpenTelemetry is not installed: "
            "`.venv/bin/python -m pip install -r requirements/image.txt` brings it, or remove the setting"
        )


def _database(settings: Settings, service: str, *, production: bool) -> Iterator[str]:
    if service == "orders" and not settings.database_url:
        also = "production does not run on the embedded database" if production else "`./cafe up` brings one by itself"
        yield f"CAFE_DATABASE_URL is not set: the orders service needs PostgreSQL ({also})"
    if service == "frontend" and not settings.listen_url and (production or not settings.database_url):
        yield "CAFE_LISTEN_URL is not set: the frontend needs it, for a role that may LISTEN and read no table"


def _production(settings: Settings, environ: Mapping[str, str]) -> Iterator[str]:
    if _weak(settings.secret, SECRET_CHARACTERS):
        yield "CAFE_SECRET is missing or weak: use 32 random characters, such as `openssl rand -hex 32` prints"
    if not settings.rate_limits:
        yield "CAFE_RATE_LIMITS=off is for benchmarks: remove it in production"
    if "*" in settings.cors_origins:
        yield "CAFE_CORS_ORIGINS=* lets every site in: name the exact origins, or remove it for our own only"
    for switch in DEBUG_SWITCHES:
        if environ.get(switch, "").lower() not in {"", "0", "false", "no"}:
            yield f"{switch} is on: remove it, production does not run in debug mode"


def _password(settings: Settings) -> Iterator[str]:
    """Only the orders service has the password."""
    if _weak(settings.staff_password, PASSWORD_CHARACTERS):
        yield "CAFE_STAFF_PASSWORD is missing or weak: give it 12 characters or more that are hard to guess"


def _plain_http(settings: Settings) -> Iterator[str]:
    if settings.oidc_issuer.startswith("http:"):
        yield "CAFE_OIDC_ISSUER is plain HTTP: whoever can read the traffic could sign in; use its https address"
    if settings.tls_certificate is None and settings.trusted_hops == 0:
        yield (
            "CAFE_TLS_CERTIFICATE is not set and CAFE_TRUSTED_HOPS is 0: passwords would be sent in clear; "
            "give the frontend a certificate, or put it behind a proxy that has one"
        )


def _weak(secret: str, characters: int) -> bool:
    """Too short, or so repetitive that its length means nothing."""
    return len(secret) < characters or len(set(secret)) < characters // 4 + 2
