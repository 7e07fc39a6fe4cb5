"""Rules of this project that a machine can check."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.frontend.app import create_app as create_frontend
from apps.kit.settings.settings import Settings
from apps.kit.web.access import allowed
from apps.kit.web.service import Service
from apps.kitchen.app import create_app as create_kitchen
from apps.orders.app import create_app as create_orders

ROOT = Path(__file__).parents[2]
SETTINGS = Settings.load({"CAFE_SECRET": "s" * 40})
SERVICES = [create_orders(SETTINGS), create_kitchen(SETTINGS), create_frontend(SETTINGS)]
PAGES = {
    "/",
    "/orders/<number>",
    "/kitchen",
    "/display",
    "/sign-in",
    "/sign-in/openid",
    "/sign-in/openid/callback",
    "/sign-out",
    "/static/<digest>/<path:name>",
    "/favicon.ico",
}


@pytest.mark.parametrize("app", SERVICES, ids=lambda app: app.name)
def test_every_route_says_who_may_call_it(app: Service) -> None:
    silent = [rule.rule for rule in app.url_map.iter_rules() if allowed(app.view_functions[rule.endpoint]) is None]
    assert silent == []


@pytest.mark.parametrize("app", SERVICES, ids=lambda app: app.name)
def test_every_route_of_the_api_is_described(app: Service) -> None:
    silent = [
        rule.rule for rule in app.url_map.iter_rules() if not hasattr(app.view_functions[rule.endpoint], "operation")
    ]
    assert set(silent) <= PAGES


def test_no_file_of_the_product_is_too_long_to_read_at_once() -> None:
    files = [*(ROOT / "apps").rglob("*.py"), *(ROOT / "static").rglob("*.js"), *(ROOT / "static").rglob("*.css")]
    long = {str(file.relative_to(ROOT)): lines for file in files if (lines := len(file.read_text().splitlines())) > 250}
    assert long == {}


def test_no_page_has_an_inline_script_or_style() -> None:
    for page in (ROOT / "templates").rglob("*.html"):
        text = page.read_text()
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", text), page.name


def test_no_script_makes_markup_of_data() -> None:
    for script in (ROOT / "static" / "js").rglob("*.js"):
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", script.read_text()), (
            script.name
        )


def test_python_never_builds_sql() -> None:
    for module in (ROOT / "apps").rglob("*.py"):
        text = module.read_text()
        assert not re.search(
            r'f"""?\s*(select|insert into|update \w+ set|delete from|create database)\b', text, re.IGNORECASE
        ), module.name


def _ours() -> Iterator[Path]:
    """The files of the project, without what was installed or made by running it."""
    made = {".venv", ".git", ".cafe", "__pycache__", "test-results"}
    for path in ROOT.rglob("*"):
        inside = path.relative_to(ROOT).parts
        if (
            not any(part in made or part.endswith("_cache") or part == ".hypothesis" for part in inside)
            and path.is_file()
        ):
            yield path


def test_nothing_of_ours_names_a_package_registry() -> None:
    for path in _ours():
        if path.suffix in {".txt", ".toml", ".json", ".lock", ".py", ".yml", ".yaml", ""}:
            text = path.read_text(errors="ignore")
            found = re.search(
                r"^--(extra-)?index-url|\"resolved\": *\"http|https?://[^ \"]*/simple/?\b", text, re.MULTILINE
            )
            assert not found, path.name
