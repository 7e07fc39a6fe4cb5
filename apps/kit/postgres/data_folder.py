"""PostgreSQL's data folder: created atomically, its version checked, leftover servers stopped."""

import asyncio
import os
import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGQUIT, Signals

from apps.kit.postgres.embedded import OWNER, EmbeddedError
from apps.kit.postgres.run_as import RunAs, change_owner
from apps.kit.process.child_process import outcome


def major_version(binaries: Path) -> int:
    output = subprocess.run([binaries / "postgres", "--version"], check=True, capture_output=True, text=True).stdout  # noqa: S603
    return int(output.split()[2].split(".")[0].removesuffix("devel"))


async def prepare(data: Path, binaries: Path, password: str, run_as: RunAs) -> None:
    """Leaves `data` ready to be served: runs initdb the first time, later stops a leftover server."""
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
    change_owner(data, run_as.owner)
    await asyncio.to_thread(stop_leftover, data)


def version_of(data: Path) -> int:
    """The major version of the PostgreSQL that made the folder; 0 where there is none yet."""
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
    """Runs initdb in a folder beside it, and renames that at the end, so that an interrupted initdb leaves no data."""
    unfinished = data.with_name(f"{data.name}.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    (unfinished / "password").touch(mode=0o600)
    (unfinished / "password").write_text(password + "\n")
    change_owner(unfinished, run_as.owner)
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if version >= 17 else []
    initdb = [
        *run_as.prefix,
        str(binaries / "initdb"),
        "-D",
        str(unfinished / "data"),
        "-U",
        OWNER,
        "-E",
        "UTF8",
        "--locale=C",
    ]
    security = ["--auth=scram-sha-256", f"--pwfile={unfinished / 'password'}", "--no-instructions"]
    status, output = await outcome([*initdb, *locale, *security], run_as.become, cwd="/")
    if status:
        raise EmbeddedError(f"could not make the database in {data}: {output}")
    (unfinished / "data").rename(data)
    shutil.rmtree(unfinished)


def stop_leftover(data: Path) -> None:
    """Stops a postmaster that outlived a killed parent (without PR_SET_PDEATHSIG) before a new one starts."""
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
    """The pid in postmaster.pid, if that process is a postgres on this folder; else 0."""
    try:
        pid, folder = (data / "postmaster.pid").read_text().splitlines()[:2]
    except (OSError, ValueError):
        return 0
    command = _command_of(int(pid))
    ours = Path(folder).resolve() == data.resolve() and "postgres" in command and str(data) in command
    return int(pid) if ours else 0


def _command_of(pid: int) -> str:
    """The command line of a process; empty where there is none, or a zombie."""
    if Path("/proc/self").exists():
        with suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_text()
        return ""
    ps = ["ps", "-o", "args=", "-p", str(pid)]
    return subprocess.run(ps, check=False, capture_output=True, text=True).stdout  # noqa: S603 - a number of our own
