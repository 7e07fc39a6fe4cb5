"""`cafe init`, and that `cafe up` goes on working beside the file it writes."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from dotenv import dotenv_values

from apps.kit.paths import ROOT
from apps.kit.settings.production import refusals
from apps.kit.settings.settings import Settings
from tests.integration.running_cafe import Cafe, cafe_folder

SECRETS = {
    "CAFE_SECRET",
    "CAFE_STAFF_PASSWORD",
    "POSTGRES_OWNER_PASSWORD",
    "POSTGRES_ORDERS_PASSWORD",
    "POSTGRES_LISTEN_PASSWORD",
    "GRAFANA_ADMIN_PASSWORD",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout of its own, because .env is written at the root of the one that runs."""
    for name in ("apps", "sql", "static", "templates"):
        shutil.copytree(ROOT / name, tmp_path / "café" / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "café"


def init(checkout: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    plain = {name: value for name, value in os.environ.items() if not name.startswith("CAFE_")}
    command = [sys.executable, "-P", "-m", "apps", "init", *words]
    environment = plain | {"PYTHONPATH": str(checkout)}
    return subprocess.run(command, check=False, capture_output=True, text=True, env=environment, cwd="/")  # noqa: S603


def written(checkout: Path) -> dict[str, str]:
    return {name: value or "" for name, value in dotenv_values(checkout / ".env").items()}


def test_it_writes_fresh_secrets_for_its_owner_alone(checkout: Path) -> None:
    done = init(checkout)
    assert (done.returncode, done.stderr) == (0, "")
    file = checkout / ".env"
    assert file.stat().st_mode & 0o777 == 0o600
    told = written(checkout)
    assert set(told) == SECRETS | {"CAFE_TIMEZONE"}
    assert len({told[name] for name in SECRETS}) == len(SECRETS), "each secret is another"
    for name in SECRETS:
        assert len(told[name]) >= 24, name
        assert re.fullmatch(r"[\w-]+", told[name]), f"{name} would be read otherwise in a URL or a shell"
        assert told[name] not in done.stdout, f"{name} was shown"
    assert [path.name for path in checkout.iterdir() if path.name.startswith(".env")] == [".env"]


def test_production_is_content_with_what_it_writes(checkout: Path) -> None:
    init(checkout)
    told = {name: value for name, value in written(checkout).items() if name.startswith("CAFE_")}
    told |= {"CAFE_ENV": "production", "CAFE_TRUSTED_HOPS": "1"}
    assert refusals(Settings.load(told), "kitchen", told) == []


def test_it_never_takes_the_place_of_secrets_that_are_in_use(checkout: Path) -> None:
    (checkout / ".env").write_text("CAFE_SECRET=ours\n")
    done = init(checkout)
    assert done.returncode == 1
    assert "left alone" in done.stderr
    assert "--force" in done.stderr
    assert (checkout / ".env").read_text() == "CAFE_SECRET=ours\n"
    assert [path.name for path in checkout.iterdir() if path.name.startswith(".env")] == [".env"]


def test_it_makes_others_when_told_to_and_says_what_that_means(checkout: Path) -> None:
    init(checkout)
    before = written(checkout)
    done = init(checkout, "--force")
    assert done.returncode == 0
    assert "started again" in done.stdout
    after = written(checkout)
    assert all(after[name] != before[name] for name in SECRETS)


def test_no_two_checkouts_get_the_same_secrets(checkout: Path, tmp_path: Path) -> None:
    shutil.copytree(checkout, tmp_path / "another")
    init(checkout)
    init(tmp_path / "another")
    ours, theirs = written(checkout), written(tmp_path / "another")
    assert all(ours[name] != theirs[name] for name in SECRETS)


def test_a_folder_that_cannot_be_written_to_is_named(checkout: Path) -> None:
    (checkout / ".env").mkdir()
    done = init(checkout, "--force")
    assert done.returncode == 1
    assert re.fullmatch(r"cafe: cannot write \S.*\.env \(.+\)\n", done.stderr)


@pytest.fixture
def cafe() -> Iterator[Cafe]:
    with cafe_folder() as one:
        yield one


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at processes through /proc")
def test_up_runs_on_the_written_file_with_its_password_and_its_own_database(checkout: Path, cafe: Cafe) -> None:
    init(checkout)
    cafe.extra["PYTHONPATH"] = str(checkout)
    cafe.open()
    assert cafe.all_healthy()
    assert "the password is the one you set" in cafe.output
    assert not (cafe.folder / "secret").exists(), "the secret of .env signs"
    assert (cafe.folder / "postgres" / "PG_VERSION").exists(), "the database is the embedded one, as without the file"
    assert cafe.end() == 0
