"""The compose file and what it mounts, judged by the real programs, and by rules of our own on what they make of it."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from apps.cli.init import write
from apps.kit.paths import ROOT
from apps.kit.settings.environment import variable
from apps.kit.settings.production import refusals
from apps.kit.settings.recipients import RECIPIENTS, settings_of
from apps.kit.settings.settings import FIELDS, Settings
from tests.deployment.programs import from_debian, in_wheel

PROFILES = ("tls", "monitoring", "scale")
SERVES = {"orders": "order-service", "kitchen": "kitchen-service", "frontend": "frontend"}
# what a container is not told by .env: the image or the compose file decides it
DECIDED = {
    "env",
    "host",
    "frontend_port",
    "orders_port",
    "kitchen_port",
    "orders_url",
    "kitchen_url",
    "database_url",
    "database_pooler",
    "listen_url",
    "orders_role_password",
    "listen_role_password",
    "state_dir",
    "tls_certificate",
    "tls_key",
    "rate_limits",
    "log",
}


def compose(*words: str, env_file: Path | None, **variables: str) -> "subprocess.CompletedProcess[str]":
    told = [f"--env-file={env_file}"] if env_file else ["--env-file=/dev/null"]
    command = [str(in_wheel("docker-compose")), "-f", str(ROOT / "docker-compose.yml"), *told, *words]
    environment = {"PATH": os.environ["PATH"], "HOME": "/", **variables}
    return subprocess.run(command, check=False, capture_output=True, text=True, env=environment, cwd="/")  # noqa: S603


@pytest.fixture(scope="session")
def env_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("compose") / ".env"
    write(file)
    return file


@pytest.fixture(scope="session")
def resolved(env_file: Path) -> dict[str, Any]:
    """Every service of every profile, as Compose understands the file."""
    done = compose(*(f"--profile={name}" for name in PROFILES), "config", "--format=json", env_file=env_file)
    assert done.returncode == 0, done.stderr
    config: dict[str, Any] = json.loads(done.stdout)
    return config


@pytest.fixture(scope="session")
def services(resolved: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = resolved["services"]
    return found


def ours(services: dict[str, dict[str, Any]]) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Each container that serves: its name, what it serves, and what it is told."""
    for name, service in services.items():
        if (service.get("command") or [""])[0] == "serve":
            yield name, service["command"][1], service["environment"]


# ── by the programs ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("profiles", [(), *((name,) for name in PROFILES), PROFILES], ids="+".join)
def test_compose_accepts_every_profile(env_file: Path, profiles: tuple[str, ...]) -> None:
    done = compose(*(f"--profile={name}" for name in profiles), "config", "--quiet", env_file=env_file)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_without_secrets_nothing_starts_and_it_says_what_to_do() -> None:
    done = compose("config", "--quiet", env_file=None)
    assert done.returncode != 0
    assert "run ./cafe init first" in done.stderr


@pytest.mark.parametrize(
    "secret",
    [
        "CAFE_SECRET",
        "CAFE_STAFF_PASSWORD",
        "POSTGRES_OWNER_PASSWORD",
        "POSTGRES_ORDERS_PASSWORD",
        "POSTGRES_LISTEN_PASSWORD",
        "GRAFANA_ADMIN_PASSWORD",
    ],
)
def test_not_one_secret_may_be_missing(env_file: Path, tmp_path: Path, secret: str) -> None:
    without = tmp_path / ".env"
    without.write_text(re.sub(rf"^{secret}=.*$", f"{secret}=", env_file.read_text(), flags=re.MULTILINE))
    done = compose("config", "--quiet", env_file=without)
    assert done.returncode != 0
    assert f"required variable {secret} is missing" in done.stderr


def test_the_file_follows_the_compose_specification() -> None:
    check = Path(sys.executable).parent / "check-jsonschema"
    command = [check, "--builtin-schema", "vendor.compose-spec", ROOT / "docker-compose.yml"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["Caddyfile", "scale.Caddyfile"])
def test_caddy_accepts_its_file_and_would_not_write_it_otherwise(tmp_path: Path, name: str) -> None:
    file = ROOT / "deploy" / name
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    for words in (["validate", "--adapter", "caddyfile", "--config", file], ["fmt", "--diff", file]):
        done = subprocess.run(  # noqa: S603
            [in_wheel("caddy"), *words], check=False, capture_output=True, text=True, env=environment, cwd=tmp_path
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_accepts_what_is_scraped() -> None:
    promtool = from_debian("prometheus", "usr/bin/promtool")
    # without the rules: those have tests of their own
    command = [promtool, "check", "config", "--syntax-only", ROOT / "deploy" / "prometheus.yml"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
    assert done.returncode == 0, done.stdout + done.stderr


# ── by our own rules ────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_services_are_those_that_are_promised(services: dict[str, dict[str, Any]], env_file: Path) -> None:
    always = {name for name, service in services.items() if "profiles" not in service}
    assert always == {"postgres", "migrate", "order-service", "kitchen-service", "frontend"}
    assert services["postgres"]["image"].startswith("postgres:15")
    scaled = [(serves, name) for name, serves, _ in ours(services) if services[name].get("profiles") == ["scale"]]
    assert sorted(serves for serves, _ in scaled) == ["frontend", "frontend", "kitchen", "kitchen", "orders", "orders"]


def test_they_are_all_on_one_network_and_what_must_last_is_in_a_volume(resolved: dict[str, Any]) -> None:
    assert [network["name"] for network in resolved["networks"].values()] == ["cafe-lumiere-network"]
    assert all(list(service["networks"]) == ["cafe-lumiere-network"] for service in resolved["services"].values())
    [data] = resolved["services"]["postgres"]["volumes"]
    assert (data["type"], data["source"]) == ("volume", "postgres-data")
    assert "postgres-data" in resolved["volumes"]


def test_nothing_is_reachable_from_outside_this_machine_but_https(services: dict[str, dict[str, Any]]) -> None:
    open_to_all = {
        (name, port["target"])
        for name, service in services.items()
        for port in service.get("ports", [])
        if port.get("host_ip") != "127.0.0.1"
    }
    assert open_to_all == {("caddy", 80), ("caddy", 443)}
    published = {
        port["target"]: port["published"] for name in (*SERVES.values(), "postgres") for port in services[name]["ports"]
    }
    assert published == {5000: "5000", 5001: "5001", 5002: "5002", 5432: "5432"}


def test_every_service_is_asked_every_ten_seconds_how_it_is(services: dict[str, dict[str, Any]]) -> None:
    asked = {name: service["healthcheck"].get("interval") for name, service in services.items()}
    assert asked.pop("migrate") is None, "it runs once and ends"
    assert set(asked.values()) == {"10s"}


def test_every_service_is_held_in(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        limits = service["deploy"]["resources"]["limits"]
        assert set(limits) == {"cpus", "memory", "pids"}, name
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert not service.get("privileged"), name
        may = service.get("cap_add", [])
        assert may == (["NET_BIND_SERVICE"] if name in ("caddy", "balancer") else []), name
        assert service["restart"] == ("no" if name == "migrate" else "unless-stopped"), name
        assert service["logging"]["options"]["max-size"], f"{name} could fill the disk with its log"


def test_each_starts_when_what_it_needs_is_healthy(services: dict[str, dict[str, Any]]) -> None:
    needs = {
        name: {other: how["condition"] for other, how in service.get("depends_on", {}).items()}
        for name, service in services.items()
    }
    assert needs["migrate"] == {"postgres": "service_healthy"}
    assert needs["order-service"] == {"postgres": "service_healthy", "migrate": "service_completed_successfully"}
    assert needs["kitchen-service"] == {"order-service": "service_healthy"}
    assert needs["frontend"] == {"order-service": "service_healthy", "kitchen-service": "service_healthy"}
    lax = {(name, other) for name, its in needs.items() for other, how in its.items() if how == "service_started"}
    assert lax == {("balancer", "frontend-1"), ("balancer", "frontend-2")}, "these two would wait for each other"


def test_one_word_starts_the_scaled_cafe_and_nothing_else(services: dict[str, dict[str, Any]]) -> None:
    started, pending = set(), ["balancer"]
    while pending:
        started.add(name := pending.pop())
        pending += services[name].get("depends_on", {})
    scaled = {name for name, service in services.items() if service.get("profiles") == ["scale"]}
    assert started == scaled | {"postgres", "migrate"}


def test_every_container_would_start_with_what_it_is_told(services: dict[str, dict[str, Any]]) -> None:
    for name, serves, told in ours(services):
        given = {variable: value or "" for variable, value in told.items()} | {"CAFE_HOST": "0.0.0.0"}
        settings = Settings.load(given)
        assert settings.env.value == "production", name
        assert refusals(settings, serves, given) == [], name
    Settings.load(services["migrate"]["environment"])


def test_each_service_has_its_own_role_and_no_other(services: dict[str, dict[str, Any]]) -> None:
    for name, serves, told in ours(services):
        urls = {variable: value for variable, value in told.items() if "postgresql://" in str(value)}
        match serves:
            case "orders":
                assert set(urls) == {"CAFE_DATABASE_URL"}, name
                assert urls["CAFE_DATABASE_URL"].startswith("postgresql://cafe_orders:"), name
            case "frontend":
                assert set(urls) == {"CAFE_LISTEN_URL"}, name
                assert urls["CAFE_LISTEN_URL"].startswith("postgresql://cafe_listen:"), name
            case _:
                assert urls == {}, name


def test_scaled_orders_share_a_pool_and_listening_goes_straight_to_the_server(
    services: dict[str, dict[str, Any]],
) -> None:
    for name, serves, told in ours(services):
        scaled = services[name].get("profiles") == ["scale"]
        if serves == "orders":
            assert ("@pgbouncer:6432/" in told["CAFE_DATABASE_URL"]) is scaled, name
            assert told.get("CAFE_DATABASE_POOLER") == ("transaction" if scaled else None), name
        if serves == "frontend":
            assert "@postgres:5432/" in told["CAFE_LISTEN_URL"], name
        if scaled and serves != "orders":
            assert told["CAFE_ORDERS_URL"] == "http://balancer:5001", name


def test_no_secret_stands_in_the_file_or_in_what_it_mounts() -> None:
    for file in (ROOT / "docker-compose.yml", *(path for path in (ROOT / "deploy").rglob("*") if path.suffix != ".sh")):
        if file.is_file():
            for line in file.read_text().splitlines():
                given = re.search(r"(?:PASSWORD|SECRET): +(.*)$", line)
                assert given is None or given[1].startswith("${"), line
                assert not re.search(r"://\w+:(?!\$\{)[^@/]+@", line), line
                assert not re.search(r"\$\{\w*(?:PASSWORD|SECRET)\w*:-[^}]", line), f"a default secret: {line}"


@pytest.mark.parametrize("setting", sorted(set(FIELDS) - DECIDED))
def test_a_setting_in_the_env_file_reaches_every_service_that_reads_it(
    env_file: Path, tmp_path: Path, setting: str
) -> None:
    name, file = variable(setting), tmp_path / ".env"
    lines = [line for line in env_file.read_text().splitlines() if not line.startswith(f"{name}=")]
    file.write_text("\n".join([*lines, f"{name}=marked-by-the-test"]))
    done = compose("--profile=scale", "config", "--format=json", env_file=file)
    given = {
        container: environment.get(name) == "marked-by-the-test"
        for container, _, environment in ours(json.loads(done.stdout)["services"])
    }
    reads = {
        container: serves in RECIPIENTS[setting] for container, serves, _ in ours(json.loads(done.stdout)["services"])
    }
    assert given == reads


def test_a_container_is_given_only_settings_that_its_process_reads(services: dict[str, dict[str, Any]]) -> None:
    for name, serves, environment in ours(services):
        assert set(environment) <= {variable(setting) for setting in settings_of(serves)}, name
    assert set(services["migrate"]["environment"]) == {variable(setting) for setting in settings_of("migrate")}


def test_the_pool_is_asked_for_no_more_than_the_server_and_the_services_agree_on() -> None:
    pool = ConfigParser(interpolation=None, inline_comment_prefixes=())
    pool.read(ROOT / "deploy" / "pgbouncer.ini")
    assert pool["databases"]["cafe"] == "host=postgres port=5432 dbname=cafe"
    said = pool["pgbouncer"]
    assert said["pool_mode"] == "transaction"
    assert said["auth_type"] == "scram-sha-256"
    assert int(said["default_pool_size"]) + int(said["reserve_pool_size"]) < 90, "PostgreSQL has 100, some for others"
    assert int(said["max_prepared_statements"]) > 0


def test_figures_are_asked_of_every_service_and_the_world_may_not_ask(services: dict[str, dict[str, Any]]) -> None:
    scraped = yaml.safe_load((ROOT / "deploy" / "prometheus.yml").read_text())["scrape_configs"]
    asked = {target for job in scraped for group in job["static_configs"] for target in group["targets"]}
    assert asked == {"frontend:5000", "order-service:5001", "kitchen-service:5002"}
    also = {name for job in scraped for group in job["dns_sd_configs"] for name in group["names"]}
    assert also == {name for name, _, _ in ours(services) if services[name].get("profiles") == ["scale"]}
    for name in ("Caddyfile", "scale.Caddyfile"):
        assert re.search(r"@inside path /metrics.*\n\s*respond @inside 404", (ROOT / "deploy" / name).read_text()), name


def test_what_is_mounted_is_there_and_is_not_made_up_where_it_is_not(services: dict[str, dict[str, Any]]) -> None:
    mounts = [
        volume for service in services.values() for volume in service.get("volumes", []) if volume["type"] == "bind"
    ]
    assert mounts
    for mount in mounts:
        assert Path(mount["source"]).exists(), mount["source"]
        assert mount["read_only"], mount["source"]
        # Docker makes a folder of a file that is missing, unless told not to
        assert not mount["bind"].get("create_host_path"), mount["source"]
