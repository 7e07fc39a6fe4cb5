"""The documents name files and folders that exist, and ARCHITECTURE names every room."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
PATH = re.compile(
    r"`((?:apps|tools|sql|templates|static|tests|bench|deploy|helm|docs|requirements)/[\w./-]*\w|\w+\.(?:md|toml|yml))`"
)


@pytest.mark.parametrize("document", [one for one in DOCUMENTS if one.name != "CHANGELOG.md"], ids=lambda one: one.name)
def test_every_path_that_a_document_names_exists(document: Path) -> None:
    text = document.read_text()
    named = set(PATH.findall(text))
    assert {path for path in named if not (ROOT / path).exists() and not (document.parent / path).exists()} == set()
    files = {
        file.name
        for folder in ("apps", "tools", "sql", "static", "tests", "bench")
        for file in (ROOT / folder).rglob("*")
    }
    assert set(re.findall(r"`(\w[\w-]*\.(?:py|js|sql|css))`", text)) <= files


def test_the_architecture_names_every_room() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text()
    modules = [*(ROOT / "apps").rglob("*.py"), *(ROOT / "tools").glob("*.py"), *(ROOT / "bench").glob("*.py")]
    rooms = {module.parent.relative_to(ROOT) for module in modules} - {Path("apps")}
    silent = {str(room) for room in rooms if f"`{room}`" not in page and room.parent != Path("apps/frontend")}
    assert silent == set()
    assert {
        room.name for room in rooms if room.parent == Path("apps/frontend") and f"`{room.name}`" not in page
    } == set()
