"""Every setting is documented and reaches exactly the processes that read it."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
import trustme

from apps.cli.children import DatabaseUrls, environment_of
from apps.cli.serve import run_service
from apps.kit.settings.environment import variable
from apps.kit.settings.production import refusals
from apps.kit.settings.recipients import EVERY_SERVICE, RECIPIENTS, SERVICES, Process, settings_of
from apps.kit.settings.settings import FIELDS, SECRETS, VARIABLES, Settings
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
# Read only where no secret was given: `cafe up` and production give one.
ONLY_WITHOUT_SECRET = {"state_dir"}
# A value for each setting that is not the default.
VALUES = {
    "CAFE_ENV": "development",
    "CAFE_HOST": "127.0.0.1",
    "CAFE_FRONTEND_PORT": "6000",
    "CAFE_ORDERS_PORT": "6001",
    "CAFE_KITCHEN_PORT": "6002",
    "CAFE_ORDERS_URL": "http://orders.example",
    "CAFE_KITCHEN_URL": "http://kitchen.example",
    "CAFE_DATABASE_URL": "postgresql://owner@db.example/cafe",
    "CAFE_DATABASE_POOLER": "transaction",
    "CAFE_READ_DATABASE_URL": "postgresql://orders@replica.example/cafe",
    "CAFE_LISTEN_URL": "postgresql://listen@db.example/cafe",
    "CAFE_ORDERS_ROLE_PASSWORD": "orders-role-password",
    "CAFE_LISTEN_ROLE_PASSWORD": "listen-role-password",
    "CAFE_KEEP_ORDERS_DAYS": "400",
    "CAFE_KEEP_NAMES_DAYS": "40",
    "CAFE_STATE_DIR": "elsewhere",
    "CAFE_SECRET": "0123456789abcdefghijklmnopqrstuvwxyz",
    "CAFE_STAFF_PASSWORD": "velvet-kettle-morning",
    "CAFE_CORS_ORIGINS": "https://a.example",
    "CAFE_OIDC_ISSUER": "https://accounts.example",
    "CAFE_OIDC_CLIENT_ID": "cafe",
    "CAFE_OIDC_CLIENT_SECRET": "client-secret",
    "CAFE_OIDC_ALLOWED": "@cafe.example",
    "CAFE_TLS_CERTIFICATE": "README.md",
    "CAFE_TLS_KEY": "LICENSE",
    "CAFE_TRUSTED_HOPS": "1",
    "CAFE_RATE_LIMITS": "off",
    "CAFE_SOCKETS": "10",
    "CAFE_SOCKETS_PER_ADDRESS": "5",
    "CAFE_CONNECTIONS": "20",
    "CAFE_CONNECTIONS_PER_ADDRESS": "6",
    "CAFE_OTLP_ENDPOINT": "http://collector.example",
    "CAFE_METRICS": "token",
    "CAFE_TIMEZONE": "Europe/Lisbon",
    "CAFE_LOG": "json",
}


@dataclass(frozen=True)
class RecordedSettings(Settings):
    """Settings that keep the name of each one that was read."""

    reads: ClassVar[set[str]] = set()

    def __getattribute__(self, name: str) -> Any:
        if name in FIELDS:
            RecordedSettings.reads.add(name)
        return super().__getattribute__(name)


def documented() -> dict[str, str]:
    """The settings table of GETTING_STARTED: each variable, and the processes its row names."""
    page = (ROOT / "GETTING_STARTED.md").read_text()
    rows = re.findall(r"^\| (`CAFE_.*?) \| .*? \| (.*?) \| .* \|$", page, re.MULTILINE)
    return {name: processes for names, processes in rows for name in re.findall(r"`(CAFE_\w+)`", names)}


def test_every_setting_has_its_recipients_and_a_value_for_these_tests() -> None:
    assert set(RECIPIENTS) == set(FIELDS)
    assert all(RECIPIENTS.values())
    assert set(VALUES) == set(VARIABLES)


def test_a_secret_goes_only_to_those_that_need_it() -> None:
    recipients = {name: set(RECIPIENTS[name]) for name in SECRETS}
    assert recipients.pop("secret") == set(EVERY_SERVICE)
    assert recipients == {
        "staff_password": {Process.orders},
        "database_url": {Process.orders, Process.migrate},
        "read_database_url": {Process.orders},
        "listen_url": {Process.frontend},
        "orders_role_password": {Process.migrate},
        "listen_role_password": {Process.migrate},
        "oidc_client_secret": {Process.frontend},
    }


@pytest.mark.parametrize("name", FIELDS)
def test_every_setting_is_documented_with_its_recipients(name: str) -> None:
    recipients = RECIPIENTS[name]
    every = "every service" if recipients == EVERY_SERVICE else ", ".join(sorted(recipients))
    assert documented().get(variable(name)) == every


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("certificate")
    issued = trustme.CA().issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    issued.cert_chain_pems[0].write_to_path(folder / "chain.pem")
    return {"CAFE_TLS_CERTIFICATE": str(folder / "chain.pem"), "CAFE_TLS_KEY": str(folder / "key.pem")}


@pytest.mark.parametrize("env", ["development", "production"])
@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_reads_the_settings_it_is_given_and_no_other(
    service: str, env: str, database_url: str, certificate: dict[str, str]
) -> None:
    own = {f"CAFE_{service.upper()}_PORT": str(free_port()), "CAFE_ENV": env, "CAFE_OTLP_ENDPOINT": "", **certificate}
    urls = dict.fromkeys(("CAFE_DATABASE_URL", "CAFE_READ_DATABASE_URL", "CAFE_LISTEN_URL"), database_url)
    reads: set[str] = set()

    async def at_once() -> None:
        """Stops the service as soon as it has started."""

    for hops in ("0", "1"):  # connections are counted by address only where there is no proxy
        environ = VALUES | own | urls | {"CAFE_TRUSTED_HOPS": hops}
        settings = RecordedSettings.load(environ)
        RecordedSettings.reads.clear()
        list(refusals(settings, service, environ))
        _ = settings.log  # with it `cafe serve` sets the logs up
        await run_service(settings, service, at_once)
        reads |= RecordedSettings.reads
    assert reads == settings_of(service) - ONLY_WITHOUT_SECRET


@pytest.mark.parametrize("service", SERVICES)
def test_up_gives_a_service_every_setting_it_reads_and_no_other(service: str) -> None:
    urls = DatabaseUrls(
        owner="postgresql://o@db/cafe", orders="postgresql://r@db/cafe", listen="postgresql://l@db/cafe"
    )
    given = environment_of(service, Settings.load(VALUES), urls, VALUES | {"PATH": "/bin"})
    ours = {name: value for name, value in given.items() if name.startswith("CAFE_")}
    assert set(ours) == {variable(name) for name in settings_of(service)}
    derived = {
        "CAFE_DATABASE_URL": urls.orders,
        "CAFE_LISTEN_URL": urls.listen,
        "CAFE_STATE_DIR": str(ROOT / "elsewhere"),
    }
    assert ours == {name: derived.get(name, VALUES[name]) for name in ours}
    assert given["PATH"] == "/bin"


def test_up_reads_a_secrets_file_and_gives_the_secret_only_to_its_service(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("velvet-kettle-morning\n")
    environ = {"CAFE_STAFF_PASSWORD_FILE": str(tmp_path / "password"), "CAFE_SECRET": "s" * 40}
    urls = DatabaseUrls(
        owner="postgresql://o@db/cafe", orders="postgresql://r@db/cafe", listen="postgresql://l@db/cafe"
    )
    given = {service: environment_of(service, Settings.load(environ), urls, environ) for service in SERVICES}
    assert given["orders"]["CAFE_STAFF_PASSWORD"] == "velvet-kettle-morning"
    for service in (Process.frontend, Process.kitchen):
        assert "velvet-kettle-morning" not in str(given[service])
        assert not {"CAFE_STAFF_PASSWORD", "CAFE_STAFF_PASSWORD_FILE"} & set(given[service])
    assert all(environment["CAFE_SECRET"] == "s" * 40 for environment in given.values())
