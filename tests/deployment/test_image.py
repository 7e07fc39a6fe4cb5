"""The Dockerfile, and that what it copies is all a service needs."""

import fnmatch
import os
import re
import shutil
import ssl
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import trustme

from apps.kit.paths import ROOT
from apps.kit.server import healthcheck
from apps.kit.settings.settings import Settings
from tests.deployment.programs import in_wheel

DOCKERFILE = (ROOT / "Dockerfile").read_text()
BUILD, FINAL = re.split(r"^FROM .*$", DOCKERFILE, flags=re.MULTILINE)[1:]


def allowed_into_the_build(path: str) -> bool:
    """By .dockerignore's own rule: the last line that fits a path, or a folder above it, decides."""
    kept = True
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        pattern = line.removeprefix("!")
        above = ["/".join(path.split("/")[:parts]) for parts in range(1, path.count("/") + 2)]
        anywhere = [name.rsplit("/", 1)[-1] for name in above] if pattern.startswith("**/") else above
        if any(fnmatch.fnmatchcase(name, pattern.removeprefix("**/")) for name in anywhere):
            kept = line.startswith("!")
    return kept


@pytest.fixture(scope="session")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the build stage copies to /app, out of what .dockerignore lets into the build."""
    target = tmp_path_factory.mktemp("image") / "app"
    for name in re.findall(r"^COPY (\w+) \1$", BUILD, re.MULTILINE):
        for file in (ROOT / name).rglob("*"):
            inside = file.relative_to(ROOT)
            if file.is_file() and allowed_into_the_build(str(inside)):
                (target / inside).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, target / inside)
    return target


def in_the_image(copied: Path, *words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run as the image's entry point does, with what the image has and nothing of the checkout."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(copied), "PYTHONDONTWRITEBYTECODE": "1", **variables}
    command = [sys.executable, "-P", "-m", "apps", *words]
    return subprocess.run(command, check=False, capture_output=True, text=True, env=environment, cwd="/")  # noqa: S603


def test_hadolint_has_nothing_to_say() -> None:
    done = subprocess.run([in_wheel("hadolint"), ROOT / "Dockerfile"], check=False, capture_output=True, text=True)  # noqa: S603
    assert (done.returncode, done.stdout) == (0, "")


def test_nothing_but_the_product_is_let_into_the_build(copied: Path) -> None:
    assert {path.name for path in copied.iterdir()} == {"apps", "sql", "static", "templates"}
    assert allowed_into_the_build("requirements/image.txt")
    for outside in (".env", ".git/config", ".cafe/secret", "tests/cafe.py", "requirements/dev.txt", "docs/security.md"):
        assert not allowed_into_the_build(outside), outside
    for made in ("apps/kit/__pycache__/wire.cpython-313.pyc", "apps/kit/wire.pyc"):
        assert not allowed_into_the_build(made), made


@pytest.mark.parametrize("service", ["orders", "kitchen", "frontend"])
def test_what_is_copied_is_all_that_a_service_needs_to_be_put_together(copied: Path, service: str) -> None:
    put_together = (
        "import sys; from apps.kit.settings.settings import Settings;"
        f"from apps.{service}.app import create_app; app = create_app(Settings.load({{'CAFE_SECRET': 's' * 40}}));"
        "print(app.name, app.jinja_env.get_template('base.html').filename)"
    )
    command = [sys.executable, "-P", "-c", put_together]
    done = subprocess.run(  # noqa: S603
        command, check=False, capture_output=True, text=True, env={"PYTHONPATH": str(copied)}, cwd="/"
    )
    assert done.stdout == f"{service} {copied}/templates/base.html\n", done.stderr


def test_the_entry_point_knows_the_words_of_cafe(copied: Path) -> None:
    assert "serve" in in_the_image(copied, "--help").stdout
    refused = in_the_image(copied, "serve", "orders", CAFE_ENV="production")
    assert refused.returncode == 1
    assert "CAFE_DATABASE_URL is not set" in refused.stderr


async def test_the_copied_migrations_and_menu_make_a_cafe_to_start_with(copied: Path, database_url: str) -> None:
    done = in_the_image(copied, "migrate", "--sample-menu", CAFE_DATABASE_URL=database_url)
    assert (done.returncode, done.stdout) == (0, "The database is up to date.\n"), done.stderr


def test_python_itself_is_the_first_process_and_is_nobody() -> None:
    assert 'ENTRYPOINT ["python", "-P", "-m", "apps"]' in FINAL, "a shell in between would not pass SIGTERM on"
    assert re.search(r"^USER \d{4,}:\d{4,}$", FINAL, re.MULTILINE), "Kubernetes can tell only a number from root"
    assert not re.search(r"apt-get|apk |pip install", FINAL)


def test_every_package_is_checked_against_its_hash_and_none_is_compiled() -> None:
    assert "--require-hashes" in BUILD
    assert "--only-binary :all:" in BUILD
    assert "apt-get" not in BUILD


def test_the_image_is_labelled_with_this_release() -> None:
    release = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"ARG VERSION={release}\n" in FINAL
    assert f"cafe-lumiere:{release}}}" in (ROOT / "docker-compose.yml").read_text()


# ── the health check ────────────────────────────────────────────────────────────────────────────────────────────────


class Readiness(BaseHTTPRequestHandler):
    """A service that is ready, or is not."""

    status = 200
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def service() -> Iterator[tuple[type[Readiness], str]]:
    handler = type("Ours", (Readiness,), {"asked": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever).start()
        yield handler, str(server.server_address[1])
        server.shutdown()


WORDS = ["python", "-P", "-m", "apps", "serve", "kitchen", ""]


def test_the_health_check_asks_the_service_of_the_first_process(service: tuple[type[Readiness], str]) -> None:
    handler, port = service
    told = {"CAFE_HOST": "0.0.0.0", "CAFE_KITCHEN_PORT": port}
    assert healthcheck.main(WORDS, told) == 0
    handler.status = 503
    assert healthcheck.main(WORDS, told) == 1
    assert handler.asked == ["/readyz", "/readyz"]


def test_a_service_that_does_not_answer_is_not_well(
    service: tuple[type[Readiness], str], capsys: pytest.CaptureFixture[str]
) -> None:
    _, port = service
    assert healthcheck.main(WORDS, {"CAFE_HOST": "127.0.0.2", "CAFE_KITCHEN_PORT": port}) == 1
    assert "kitchen does not answer" in capsys.readouterr().out


def test_a_container_that_serves_nothing_is_not_asked() -> None:
    assert healthcheck.main(["python", "-m", "apps", "migrate", ""], {}) == 0


def test_a_frontend_with_a_certificate_is_asked_over_https() -> None:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("cafe.example").configure_cert(context)
    handler = type("Ours", (Readiness,), {"asked": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        Thread(target=server.serve_forever).start()
        told = {"CAFE_FRONTEND_PORT": str(server.server_address[1]), "CAFE_TLS_CERTIFICATE": "/run/chain.pem"}
        try:
            assert healthcheck.main(["python", "-m", "apps", "serve", "frontend", ""], told) == 0
        finally:
            server.shutdown()


def test_the_health_check_knows_the_same_ports_as_the_settings() -> None:
    settings = Settings.load({})
    assert {name: settings.port_of(name) for name in healthcheck.PORTS} == healthcheck.PORTS


def test_the_health_check_loads_next_to_nothing() -> None:
    command = [sys.executable, "-P", "-c", "import sys, apps.kit.server.healthcheck; print(*sys.modules)"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env={"PYTHONPATH": str(ROOT)}, cwd="/")  # noqa: S603
    assert not {"pydantic", "quart", "asyncio", "ssl", "apps.kit.settings.settings"} & set(done.stdout.split())
