"""The launcher, with a stand-in for Python that notes what it was asked, so that nothing is downloaded."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from apps.kit.paths import ROOT

PYTHON = """#!/bin/sh
# notes its words; as `-m venv` it copies itself, as `-m pip install` it takes a moment and fails if told to
echo "$*" >> "{notes}"
case "$*" in
    *"-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;
    *"-m pip install"*) sleep 0.3; [ ! -e "{notes}.fail" ] || { echo "ERROR: no network"; exit 1; } ;;
    *ensurepip*) [ ! -e "{notes}.bare" ] ;;
    *"-m apps"*) echo "PYTHONPATH=$PYTHONPATH" "$@" ;;
esac
"""


class Launcher:
    def __init__(self, folder: Path) -> None:
        self.root, self.notes, self.path = folder / "a café", folder / "notes", folder / "bin"
        shutil.copytree(ROOT / "requirements", self.root / "requirements")
        shutil.copy(ROOT / "cafe", self.root / "cafe")
        self.path.mkdir()
        for name in ("python3.13", "python3.12", "python3.11", "python3"):
            (self.path / name).write_text(PYTHON.replace("{notes}", str(self.notes)))
            (self.path / name).chmod(0o755)

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """From the root folder and with an empty environment, as a service manager might."""
        return subprocess.Popen(  # noqa: S603
            [self.root / "cafe", *words],
            cwd="/",
            env={"PATH": f"{self.path}:{os.defpath}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str) -> tuple[int, str, str]:
        process = self.start(*words)
        said, complained = process.communicate(timeout=30)
        return process.returncode, said, complained

    def installs(self) -> int:
        return self.notes.read_text().count("pip install") if self.notes.exists() else 0


@pytest.fixture
def launcher(tmp_path: Path) -> Launcher:
    return Launcher(tmp_path)


def test_the_first_start_installs_the_locked_packages_and_the_second_is_quick(launcher: Launcher) -> None:
    assert launcher.run("token")[0] == 0
    assert "--require-hashes" in launcher.notes.read_text()
    status, said, complained = launcher.run("token", "--role", "staff member")
    assert (status, complained) == (0, "")
    assert said == f"PYTHONPATH={launcher.root} -P -m apps token --role staff member\n"
    assert launcher.installs() == 1


def test_tests_get_what_tests_need(launcher: Launcher) -> None:
    launcher.run("up")
    launcher.run("test", "-x")
    assert launcher.notes.read_text().count("requirements/dev.txt") == 1
    assert launcher.notes.read_text().count("--no-deps -r") == 1, "the programs come without what they depend on"
    launcher.run("up")
    launcher.run("check")
    assert launcher.installs() == 3


def test_another_lock_is_installed_at_the_next_start(launcher: Launcher) -> None:
    launcher.run("up")
    with (launcher.root / "requirements" / "runtime.txt").open("a") as lock:
        lock.write("# newer\n")
    launcher.run("up")
    assert launcher.installs() == 2


def test_an_install_that_failed_says_why_and_is_done_again(launcher: Launcher) -> None:
    failure = Path(f"{launcher.notes}.fail")
    failure.touch()
    status, _, complained = launcher.run("up")
    assert status == 1
    assert "ERROR: no network" in complained
    failure.unlink()
    assert launcher.run("up")[0] == 0


def test_two_launches_at_once_install_once(launcher: Launcher) -> None:
    both = [launcher.start("up"), launcher.start("up")]
    for process in both:
        process.communicate(timeout=30)
    assert [process.returncode for process in both] == [0, 0]
    assert launcher.installs() == 1


def test_the_lock_of_a_launch_that_was_killed_is_no_obstacle(launcher: Launcher) -> None:
    ended = launcher.start("--help")
    ended.communicate(timeout=30)
    shutil.rmtree(launcher.root / ".venv")
    (launcher.root / ".venv" / ".lock").mkdir(parents=True)
    (launcher.root / ".venv" / ".lock" / "pids").write_text(f"{ended.pid}\n")
    assert launcher.run("up")[0] == 0
    assert not (launcher.root / ".venv" / ".lock").exists()


def test_a_python_without_venv_is_told_apart_from_no_python(launcher: Launcher) -> None:
    Path(f"{launcher.notes}.bare").touch()
    status, _, complained = launcher.run("up")
    assert status == 1
    assert "apt install python3-venv" in complained


def test_a_signal_during_the_install_stops_it(launcher: Launcher) -> None:
    process = launcher.start("up")
    deadline = time.monotonic() + 10
    while not launcher.installs() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.terminate()
    process.communicate(timeout=10)
    assert process.returncode == 143
    assert not (launcher.root / ".venv" / ".lock").exists()
    assert launcher.run("up")[0] == 0
