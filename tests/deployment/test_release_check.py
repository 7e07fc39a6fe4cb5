"""What the release check says where it cannot even begin; the rest of it needs a real engine, and is run by hand."""

import os
import subprocess
import sys
from pathlib import Path

from apps.kit.paths import ROOT
from tools.release.engine import PORTS, open_engine

REFUSES = "#!/bin/sh\necho 'Cannot connect to the Docker daemon' >&2\nexit 1\n"


def release_check(path: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-P", "-m", "apps", "release-check"]
    environment = {"PATH": str(path), "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, check=False, capture_output=True, text=True, env=environment, cwd="/")  # noqa: S603


def test_without_docker_it_says_what_it_needs(tmp_path: Path) -> None:
    done = release_check(tmp_path)
    assert done.returncode == 1
    assert done.stderr == "cafe: the release check needs a container engine, and there is no `docker` on the PATH\n"


def test_without_an_engine_it_says_so_in_the_clients_own_words(tmp_path: Path) -> None:
    (tmp_path / "docker").write_text(REFUSES)
    (tmp_path / "docker").chmod(0o755)
    done = release_check(tmp_path)
    assert done.returncode == 1
    assert "no container engine answers; start one, or point DOCKER_HOST at it" in done.stderr
    assert "Cannot connect to the Docker daemon" in done.stderr
    assert "Traceback" not in done.stderr


def test_its_cafe_has_ports_of_its_own_and_hears_nothing_of_this_shells(tmp_path: Path) -> None:
    docker = tmp_path / "docker"
    docker.write_text('#!/bin/sh\necho "$CAFE_SECRET$COMPOSE_PROFILES$POSTGRES_PORT" >>"$0.heard"\n')
    docker.chmod(0o755)
    shell = {"PATH": str(tmp_path), "CAFE_SECRET": "mine", "COMPOSE_PROFILES": "tls", "POSTGRES_PORT": "5432"}
    before = dict(os.environ)
    os.environ.update(shell)
    try:
        engine = open_engine(tmp_path)
    finally:
        os.environ.clear()
        os.environ.update(before)
    assert set((tmp_path / "docker.heard").read_text().split()) == set()
    assert len({engine.port(name) for name in PORTS}) == len(PORTS)
    assert engine.env["CAFE_SECRET"] not in ("", "mine")
    assert (tmp_path / "env").stat().st_mode & 0o777 == 0o600
