"""Settings: parsed once, each fault in a line of its own, and production is strict."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from apps.kit.paths import ROOT
from apps.kit.settings.production import refusals
from apps.kit.settings.settings import VARIABLES, Environment, Settings, SettingsError

STRONG = "0123456789abcdefghijklmnopqrstuvwxyz"
PRODUCTION = {
    "CAFE_ENV": "production",
    "CAFE_SECRET": STRONG,
    "CAFE_STAFF_PASSWORD": "beans and biscuits",
    "CAFE_DATABASE_URL": "postgresql://orders@db/cafe",
    "CAFE_LISTEN_URL": "postgresql://listen@db/cafe",
    "CAFE_TRUSTED_HOPS": "1",
}


def faults_of(environ: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        Settings.load(environ)
    return raised.value.faults


def refused(service: str, **changes: str) -> str:
    environ = PRODUCTION | changes
    return "\n".join(refusals(Settings.load(environ), service, environ))


def test_nothing_set_is_a_development_cafe_on_this_machine() -> None:
    settings = Settings.load({"PATH": "/bin"})
    assert settings.env is Environment.development
    assert (settings.host, settings.frontend_port, settings.orders_port, settings.kitchen_port) == (
        "127.0.0.1",
        5000,
        5001,
        5002,
    )
    assert settings.orders_url == "http://127.0.0.1:5001"
    assert settings.state_dir == ROOT / ".cafe"
    assert settings.rate_limits
    assert settings.database_url is None


def test_every_value_is_parsed() -> None:
    settings = Settings.load(
        {
            "CAFE_HOST": "0.0.0.0",
            "CAFE_KITCHEN_PORT": "6002",
            "CAFE_ORDERS_URL": "http://orders:5001/",
            "CAFE_STATE_DIR": "elsewhere",
            "CAFE_CORS_ORIGINS": "https://a.example, http://b.example:8080",
            "CAFE_TRUSTED_HOPS": "2",
            "CAFE_RATE_LIMITS": "off",
            "CAFE_TIMEZONE": "Europe/Lisbon",
            "CAFE_LOG": "json",
        }
    )
    assert (settings.orders_url, settings.kitchen_url) == ("http://orders:5001", "http://127.0.0.1:6002")
    assert settings.state_dir == ROOT / "elsewhere"
    assert settings.cors_origins == ("https://a.example", "http://b.example:8080")
    assert (settings.trusted_hops, settings.rate_limits, settings.log) == (2, False, "json")
    assert settings.timezone == ZoneInfo("Europe/Lisbon")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CAFE_ENV", "prod"),
        ("CAFE_ORDERS_PORT", "many"),
        ("CAFE_ORDERS_PORT", "0"),
        ("CAFE_ORDERS_PORT", "65536"),
        ("CAFE_ORDERS_URL", "orders:5001"),
        ("CAFE_DATABASE_URL", "mysql://db/cafe"),
        ("CAFE_CORS_ORIGINS", "https://a.example/path"),
        ("CAFE_CORS_ORIGINS", "https://*.example"),
        ("CAFE_CORS_ORIGINS", "a.example"),
        ("CAFE_TRUSTED_HOPS", "-1"),
        ("CAFE_RATE_LIMITS", "maybe"),
        ("CAFE_TIMEZONE", "Europe/Atlantis"),
        ("CAFE_TIMEZONE", "../../etc/passwd"),
        ("CAFE_LOG", "xml"),
    ],
)
def test_a_value_that_does_not_parse_is_one_line_naming_it(name: str, value: str) -> None:
    (fault,) = faults_of({name: value})
    assert fault.startswith(f"{name}: ")
    assert "\n" not in fault


def test_every_fault_is_told_at_once_and_a_misspelling_gets_a_guess() -> None:
    faults = faults_of({"CAFE_ORDERS_PROT": "1", "CAFE_LOG": "xml", "CAFE_TRUSTED_HOPS": "x"})
    assert len(faults) == 3
    assert "did you mean CAFE_ORDERS_PORT?" in faults[0]


def test_a_secret_may_come_from_a_file_but_not_from_two_places(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("from the file\n")
    assert Settings.load({"CAFE_SECRET_FILE": str(file)}).secret == "from the file"
    assert "keep one" in faults_of({"CAFE_SECRET_FILE": str(file), "CAFE_SECRET": "x"})[0]
    assert "cannot read" in faults_of({"CAFE_SECRET_FILE": str(tmp_path / "none")})[0]
    assert "is not a setting" in faults_of({"CAFE_HOST_FILE": str(file)})[0]


def test_no_secret_is_shown_where_settings_are() -> None:
    assert "hush" not in repr(
        Settings.load({"CAFE_SECRET": "hush", "CAFE_DATABASE_URL": "postgresql://me:hush@db/cafe"})
    )
    assert "hush" not in "".join(faults_of({"CAFE_DATABASE_URL": "mysql://me:hush@db/cafe"}))


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    assert Settings.load({"CAFE_DATABASE_URL": "", "CAFE_ORDERS_PORT": ""}) == Settings.load({})


@pytest.mark.parametrize("service", ["orders", "kitchen", "frontend"])
def test_a_complete_production_configuration_is_accepted(service: str) -> None:
    assert refused(service) == ""


@pytest.mark.parametrize(
    ("service", "name", "value"),
    [
        ("orders", "CAFE_SECRET", ""),
        ("kitchen", "CAFE_SECRET", "short"),
        ("frontend", "CAFE_SECRET", "abab" * 16),
        ("orders", "CAFE_STAFF_PASSWORD", "barista"),
        ("orders", "CAFE_STAFF_PASSWORD", "aaaaaaaaaaaaaaaa"),
        ("orders", "CAFE_RATE_LIMITS", "off"),
        ("frontend", "CAFE_CORS_ORIGINS", "*"),
        ("orders", "CAFE_DATABASE_URL", ""),
        ("frontend", "CAFE_LISTEN_URL", ""),
        ("orders", "QUART_DEBUG", "1"),
        ("frontend", "CAFE_TRUSTED_HOPS", "0"),
    ],
)
def test_production_refuses_what_is_weak_or_missing(service: str, name: str, value: str) -> None:
    assert name in refused(service, **{name: value})


def test_a_service_is_asked_only_for_what_it_uses() -> None:
    assert refused("kitchen", CAFE_DATABASE_URL="", CAFE_LISTEN_URL="", CAFE_STAFF_PASSWORD="") == ""
    assert refused("frontend", CAFE_DATABASE_URL="") == ""
    assert refused("orders", CAFE_LISTEN_URL="") == ""


def test_development_needs_a_database_too_but_is_content_with_one_url_for_both() -> None:
    assert refusals(Settings.load({}), "orders", {})
    assert refusals(Settings.load({}), "frontend", {})
    both = Settings.load({"CAFE_DATABASE_URL": "postgresql://me@localhost/cafe"})
    assert not refusals(both, "frontend", {})


def test_the_names_of_all_settings_can_be_listed() -> None:
    assert {"CAFE_ENV", "CAFE_SECRET", "CAFE_LISTEN_URL", "CAFE_LOG"} < set(VARIABLES)
    assert len(set(VARIABLES)) == len(VARIABLES)
