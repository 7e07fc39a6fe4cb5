"""PostgreSQL's data folder: made whole or not at all, of the right version, and with no server left on it."""

import asyncio
import os
import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGQUIT, Signals

from apps.kit.postgres.embedded import OWNER, EmbeddedError
from apps.kit.postgres.run_as import RunAs, hand_over
from apps.kit.process.child_process import outcome


def major_version(binaries: Path) -> int:
    output = subprocess.run([binaries / "postgres", "--version"], check=True, capture_output=True, text=True).stdout  # noqa: S603
    return int(output.split()[2].split(".")[0].removesuffix("devel"))


async def prepare(data: Path, binaries: Path, password: str, run_as: RunAs) -> None:
    """Leave `data` ready to be served: made the first time, freed of a leftover server every other time."""
    ours = major_version(binaries)
    theirs = version_of(data)
    if not theirs:
        await _make(data, binaries, password, run_as, ours)
        return
    if theirs != ours:
        raise EmbeddedError(
            f"{data} was made by PostgreSQL {theirs} and this café brings {ours}; nothing in it was touched.\n"
            f"To carry it over: 1. `./cafe backup cafe.dump`, with the release that made it or PostgreSQL {theirs} "
            f"installed here; 2. move {data} away; 3. `./cafe restore cafe.dump`; 4. `./cafe up`"
        )
    hand_over(data, run_as.owner)
    await asyncio.to_thread(stop_leftover, data)


def version_of(data: Path) -> int:
    """The major version of the PostgreSQL that made it; 0 where there is nothing yet."""
    if not data.exists():
        return 0
    try:
        return int((data / "PG_VERSION").read_text().split(".")[0])
    except (OSError, ValueError):
        raise EmbeddedError(
            f"{data} is not a data folder of PostgreSQL (its PG_VERSION cannot be read): move it away, or set "
            "CAFE_STATE_DIR to another folder"
        ) from None


async def _make(data: Path, binaries: Path, password: str, run_as: RunAs, version: int) -> None:
    """In a folder beside it, renamed when all is written: an interrupted initdb leaves nothing that looks finished."""
    nest = data.with_name(f"{data.name}.new")
    shutil.rmtree(nest, ignore_errors=True)
    nest.mkdir(mode=0o700)
    (nest / "password").touch(mode=0o600)
    (nest / "password").write_text(password + "\n")
    hand_over(nest, run_as.owner)
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if version >= 17 else []
    initdb = [
        *run_as.prefix,
        str(binaries / "initdb"),
        "-D",
        str(nest / "data"),
        "-U",
        OWNER,
        "-E",
        "UTF8",
        "--locale=C",
    ]
    security = ["--auth=scram-sha-256", f"--pwfile={nest / 'password'}", "--no-instructions"]
    status, output = await outcome([*initdb, *locale, *security], run_as.become, cwd="/")
    if status:
        raise EmbeddedError(f"could not make the database in {data}: {output}")
    (nest / "data").rename(data)
    shutil.rmtree(nest)


def stop_leftover(data: Path) -> None:
    """A postmaster outlives a café that was killed, where nothing ties it to its parent: end it before ours starts."""
    pid = _leftover(data)
    stop_signals: tuple[tuple[Signals, float], ...] = ((SIGINT, 5.0), (SIGQUIT, 5.0), (SIGKILL, 5.0))
    for stop_signal, seconds in stop_signals if pid else ():
        with suppress(ProcessLookupError):
            os.kill(pid, stop_signal)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and _leftover(data) == pid:
            time.sleep(0.02)
        if _leftover(data) != pid:
            return
    if pid:
        raise EmbeddedError(f"PostgreSQL (process {pid}) still runs on {data} and does not stop")


def _leftover(data: Path) -> int:
    """The process named in postmaster.pid, if it lives and is a postgres on this very folder; else 0."""
    try:
        pid, folder = (data / "postmaster.pid").read_text().splitlines()[:2]
    except (OSError, ValueError):
        return 0
    command = _command_of(int(pid))
    ours = Path(folder).resolve() == data.resolve() and "postgres" in command and str(data) in command
    return int(pid) if ours else 0


def _command_of(pid: int) -> str:
    """Empty where there is no such process, or only what is left of one."""
    if Path("/proc/self").exists():
        with suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_text()
        return ""
    ps = ["ps", "-o", "args=", "-p", str(pid)]
    return subprocess.run(ps, check=False, capture_output=True, text=True).stdout  # noqa: S603 - a number of our own
