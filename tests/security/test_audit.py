"""`./cafe check --audit` finds a known hole and a committed secret, and never takes silence for an answer."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from apps.kit.paths import ROOT
from tests.ports import free_port
from tools.checks import audit
from tools.checks.audit import BASELINE, Verdict, packages, secrets

LOCK = "".join(f"{name}=={version} \\\n    --hash=sha256:{'0' * 64}\n" for name, version in (("good", 1), ("bad", 2)))
HOLE = {
    "id": "PYSEC-2026-1",
    "summary": "It lets everybody in.",
    "affected": [
        {
            "package": {"name": "bad", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.1"}]}],
        }
    ],
}
KEYS = {
    "a cloud's key": "key = " + '"AKIA' + 'Q3EGRWVKB7TZPLMN"',
    "a private key": "-----BEGIN " + "RSA PRIVATE KEY-----",
    "a password": "database_password = " + '"correct-horse-9-battery"',  # of a kind that only tests may hold
}

Answer = Callable[[str], tuple[int, bytes]]


@contextmanager
def vulnerability_service(answer: Answer) -> Iterator[str]:
    """Something that speaks OSV's API, and answers a package's name with a status and a body."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, body = answer(asked["package"]["name"])
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "runtime.txt"
    path.write_text(LOCK)
    return path


def knows(name: str) -> tuple[int, bytes]:
    return 200, json.dumps({"vulns": [HOLE]} if name == "bad" else {}).encode()


def test_a_package_with_a_known_hole_is_named_with_what_repairs_it(lock: Path) -> None:
    with vulnerability_service(knows) as service:
        outcome = packages(lock, service)
    assert outcome.verdict is Verdict.FOUND
    for words in ("bad 2", "PYSEC-2026-1", "2.1"):
        assert words in outcome.message
    assert "good" not in outcome.message


def test_packages_without_one_are_clean(lock: Path) -> None:
    asked = []

    def knows_none(name: str) -> tuple[int, bytes]:
        asked.append(name)
        return 200, b"{}"

    with vulnerability_service(knows_none) as service:
        assert packages(lock, service).verdict is Verdict.CLEAN
    assert sorted(asked) == ["bad", "good"]


@pytest.mark.parametrize(
    "answer", [(500, b"{}"), (200, b"<html>Please sign in to this Wi-Fi")], ids=["an error", "a page"]
)
def test_an_answer_that_is_none_is_not_taken_for_clean(lock: Path, answer: tuple[int, bytes]) -> None:
    with vulnerability_service(lambda _: answer) as service:
        outcome = packages(lock, service)
    assert outcome.verdict is Verdict.NOT_ASKED
    assert "could not be asked" in outcome.message


def test_neither_is_silence(lock: Path) -> None:
    service = f"http://127.0.0.1:{free_port()}/v1/query"
    outcome = packages(lock, service)
    assert outcome.verdict is Verdict.NOT_ASKED
    assert service in outcome.message
    assert "\n" not in outcome.message


def git(root: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=root, check=True, capture_output=True)  # noqa: S603, S607


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "README.md").write_text("Nothing to see.\n")
    return tmp_path


@pytest.mark.parametrize("line", KEYS.values(), ids=KEYS)
def test_a_planted_secret_is_found_by_its_line_and_never_repeated(checkout: Path, line: str) -> None:
    assert secrets(checkout).verdict is Verdict.CLEAN
    (checkout / "settings.py").write_text(f"# settings\n{line}\n")
    outcome = secrets(checkout)
    assert outcome.verdict is Verdict.FOUND
    assert "settings.py:2" in outcome.message
    assert line.split('"')[-2 if '"' in line else 0] not in outcome.message


def baseline(checkout: Path) -> None:
    """Accepts what is found now, with detect-secrets' own command."""
    command = [str(Path(sys.executable).with_name("detect-secrets")), "scan", "--exclude-files", "^tests/"]
    done = subprocess.run(command, cwd=checkout, check=True, capture_output=True, text=True)  # noqa: S603
    (checkout / BASELINE).write_text(done.stdout)


def test_the_baseline_excuses_what_it_lists_and_nothing_else(checkout: Path) -> None:
    (checkout / "settings.py").write_text(KEYS["a password"] + "\n")
    git(checkout, "add", "settings.py")
    assert secrets(checkout).verdict is Verdict.FOUND
    baseline(checkout)
    assert secrets(checkout).verdict is Verdict.CLEAN
    (checkout / "settings.py").write_text("# a line more\n" + KEYS["a password"] + "\n")
    assert secrets(checkout).verdict is Verdict.CLEAN
    (checkout / "settings.py").write_text(KEYS["a password"] + "\n" + KEYS["a cloud's key"] + "\n")
    assert "settings.py:2" in secrets(checkout).message


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [("a password", Verdict.CLEAN), ("a cloud's key", Verdict.FOUND), ("a private key", Verdict.FOUND)],
)
def test_tests_may_hold_throw_away_passwords_but_no_keys(checkout: Path, kind: str, verdict: Verdict) -> None:
    baseline(checkout)
    (checkout / "tests").mkdir()
    (checkout / "tests" / "test_something.py").write_text(KEYS[kind] + "\n")
    assert secrets(checkout).verdict is verdict


def test_what_git_ignores_is_not_looked_at(checkout: Path) -> None:
    (checkout / ".env").write_text(KEYS["a password"] + "\n")
    assert secrets(checkout).verdict is Verdict.FOUND
    (checkout / ".gitignore").write_text(".env\n")
    assert secrets(checkout).verdict is Verdict.CLEAN


def test_without_git_nothing_was_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert secrets(tmp_path).verdict is Verdict.NOT_ASKED
    monkeypatch.setenv("PATH", "")
    assert secrets(tmp_path).verdict is Verdict.NOT_ASKED


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [
        ((Verdict.CLEAN, Verdict.CLEAN), 0),
        ((Verdict.CLEAN, Verdict.NOT_ASKED), 3),
        ((Verdict.FOUND, Verdict.NOT_ASKED), 1),
    ],
)
def test_the_worst_step_decides(verdicts: tuple[Verdict, ...], status: int) -> None:
    assert audit.worst([audit.Outcome(verdict, "") for verdict in verdicts]) == status


def test_this_project_holds_no_secret_and_says_when_it_could_not_ask() -> None:
    """The whole command, on ourselves, with a vulnerability service that is not there."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CAFE_")}
    environment["OSV_URL"] = f"http://127.0.0.1:{free_port()}/v1/query"
    ended = subprocess.run(
        [sys.executable, "-m", "apps", "check", "--audit"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=environment,
    )
    lines = ended.stdout.splitlines()
    assert [line for line in lines if line.startswith("── secrets: none in ")], ended.stdout
    assert len([line for line in lines if "could not be asked" in line]) == len(list(audit.locks(ROOT)))
    assert "Traceback" not in ended.stdout + ended.stderr
    assert ended.returncode == 3
