"""A container engine, and a compose project in it with its own name, ports, network and secrets."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from apps.cli.init import with_fresh_secrets
from apps.kit.paths import ROOT
from apps.kit.postgres.embedded import free_port
from apps.kit.user_error import UserError

PROJECT = "cafe-release-check"
IMAGE = f"{PROJECT}:latest"
PROFILES = ("tls", "monitoring", "scale")
PORTS = (
    "CAFE_FRONTEND_PORT",
    "CAFE_ORDERS_PORT",
    "CAFE_KITCHEN_PORT",
    "POSTGRES_PORT",
    "HTTP_PORT",
    "HTTPS_PORT",
    "PROMETHEUS_PORT",
    "GRAFANA_PORT",
    "BALANCER_PORT",
)
LINES_SHOWN = 40


@dataclass(frozen=True)
class Engine:
    """`env` holds the variables of the compose file: secrets, ports, image and network."""

    docker_program: str
    compose_program: tuple[str, ...]
    env_file: Path
    env: Mapping[str, str]

    def port(self, name: str) -> int:
        """The published port of a variable in `PORTS`."""
        return int(self.env[name])

    def docker(self, *argv: str) -> str:
        """Runs docker; returns its standard output. Raises UserError with its last lines."""
        return run([self.docker_program, *argv])

    def compose(self, *argv: str) -> str:
        """Runs docker compose on the project; returns its standard output. Raises UserError with its last lines."""
        profiles = [f"--profile={profile}" for profile in PROFILES if argv[0] in ("down", "logs", "kill")]
        where = ["-f", str(ROOT / "docker-compose.yml"), "-p", PROJECT, f"--env-file={self.env_file}"]
        return run([*self.compose_program, *where, *profiles, *argv])

    def up(self, *services: str, profile: str = "") -> None:
        """Starts services with their dependencies, and waits until all are healthy."""
        self.compose(
            *([f"--profile={profile}"] if profile else []), "up", "--detach", "--wait", "--no-build", *services
        )

    def exit_status(self, service: str) -> int:
        """The exit status of a stopped service."""
        container = self.compose("ps", "--all", "--quiet", service).strip()
        return int(self.docker("inspect", "--format", "{{.State.ExitCode}}", container))


def open_engine(folder: Path) -> Engine:
    """The engine that `docker` on the PATH reaches (DOCKER_HOST). Raises UserError where none answers."""
    docker = shutil.which("docker")
    if not docker:
        raise UserError("the release check needs a container engine, and there is no `docker` on the PATH")
    try:
        run([docker, "version", "--format", "{{.Server.Version}}"])
    except UserError as error:
        raise UserError(f"no container engine answers; start one, or point DOCKER_HOST at it\n{error}") from None
    env = {name: str(free_port()) for name in PORTS} | {"IMAGE": IMAGE, "NETWORK": PROJECT}
    env_file = folder / "env"
    secrets = with_fresh_secrets()
    env_file.write_text(secrets + "".join(f"{name}={value}\n" for name, value in env.items()))
    env_file.chmod(0o600)
    env |= dict(line.split("=", 1) for line in secrets.splitlines() if "=" in line and not line.startswith("#"))
    return Engine(docker, _compose(docker), env_file, env)


def _compose(docker: str) -> tuple[str, ...]:
    """The compose plugin, else the program from requirements/tools.txt."""
    with suppress(UserError):
        run([docker, "compose", "version"])
        return (docker, "compose")
    beside = shutil.which("docker-compose", path=str(Path(sys.executable).parent)) or shutil.which("docker-compose")
    if not beside:
        raise UserError("Docker Compose is missing: neither `docker compose` nor `docker-compose` is there")
    return (beside,)


def run(command: Sequence[str]) -> str:
    """Runs a program; returns its standard output. Raises UserError with its last lines."""
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=_environment())  # noqa: S603
    if done.returncode:
        output = [*done.stdout.splitlines(), *done.stderr.splitlines()][-LINES_SHOWN:]
        raise UserError("\n".join([f"`{' '.join(command[:2])} …` failed:", *output]))
    return done.stdout


def _environment() -> dict[str, str]:
    """The shell's environment (for the engine's address and the images), without settings of a café."""
    ours = ("CAFE_", "COMPOSE_", *PORTS)
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}
