"""What pages may use and must name, kept by reading the files."""

import re
from pathlib import Path

import pytest

from apps.frontend.web.page_assets import STATIC, TEMPLATES, behaviours_of, imports_of, modules_of

STYLESHEETS = sorted((STATIC / "css").rglob("*.css"))
MODULES = sorted((STATIC / "js").rglob("*.js"))
NEWER_STYLES = re.compile(r"@layer|@container|:is\(|:where\(|:has\(|light-dark\(|color-mix\(|&[ :.]")
NEWER_SCRIPTS = re.compile(r"AbortSignal\.(timeout|any)|popover|\.at\(|structuredClone|\.toSorted\(|hour12")
RAW_COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(")


def name(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("sheet", STYLESHEETS, ids=name)
def test_styles_need_nothing_newer_than_the_baseline(sheet: Path) -> None:
    """Safari 15.4 and Chromium 87; newer things only inside @supports, and dvh only after a fallback."""
    text = re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL)
    text = re.sub(r"@supports[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", "", text)
    assert NEWER_STYLES.findall(text) == []
    for line, before in zip(text.splitlines()[1:], text.splitlines(), strict=False):
        assert "dvh" not in line or line.replace("dvh", "vh") == before, line


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_scripts_need_nothing_newer_than_the_baseline(module: Path) -> None:
    code = re.sub(r"//.*", "", module.read_text())
    assert NEWER_SCRIPTS.findall(code) == []


@pytest.mark.parametrize("sheet", STYLESHEETS, ids=name)
def test_raw_colours_stand_in_one_file(sheet: Path) -> None:
    assert sheet.name == "colours.css" or RAW_COLOUR.findall(sheet.read_text()) == []


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_ages_are_never_measured_by_the_wall_clock(module: Path) -> None:
    """What is kept across page loads has no other clock; the live client's one look at it is for noticing jumps."""
    allowed = {"browser.js", "checkout.js", "my-orders.js"}
    assert module.name in allowed or "Date.now" not in module.read_text()


@pytest.mark.parametrize("template", ["menu.html", "order.html", "kitchen.html", "display.html"])
def test_the_modules_of_a_page_are_all_its_behaviours_need(template: str) -> None:
    modules = modules_of(template)
    assert behaviours_of(template)
    for module in modules:
        assert (STATIC / module).is_file()
        assert set(imports_of(module)) <= set(modules)


def test_every_behaviour_is_used_and_every_used_one_exists() -> None:
    used = {each for page in TEMPLATES.glob("*.html") for each in behaviours_of(page.name)}
    assert used == {path.stem for path in (STATIC / "js" / "behaviours").glob("*.js")}
