"""`cafe restore FILE`: restores a backup into an empty database, in one transaction."""

import argparse
import asyncio
import re
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path
from signal import SIGTERM

from apps.cli.database_access import database_to_fill, open_connection
from apps.cli.load_environment import load_environment
from apps.cli.migrate import bring_up_to_date, role_passwords
from apps.cli.queries import queries
from apps.kit.database.migrations import MIGRATIONS
from apps.kit.paths import ROOT
from apps.kit.postgres.programs import NoSuchProgram, Programs, at_least, found, without_password
from apps.kit.process.child_process import outcome
from apps.kit.settings.settings import Settings
from apps.kit.user_error import UserError

LAST_LINES = ROOT / "sql" / "restored.sql"
CHUNK_BYTES = 256 * 1024
# pg_restore 17 and newer begins with this setting, which servers before 17 do not have
NEWER_SETTING = b"SET transaction_timeout = 0;\n"
ONLY_OURS = ("--schema=public", "--no-owner", "--no-privileges")


class RestoreFailed(UserError):
    """Nothing was restored."""


def restore(args: argparse.Namespace) -> int:
    settings = Settings.load(load_environment())
    passwords = role_passwords(settings)
    file: Path = args.file.absolute()
    try:
        file.open("rb").close()
    except OSError as error:
        raise RestoreFailed(f"cannot read {file}: {error.strerror}") from None
    try:
        orders = asyncio.run(_restore(settings, passwords, file))
    except KeyboardInterrupt:
        raise RestoreFailed("stopped; nothing was restored") from None
    print(
        f"Back: {orders} order{'' if orders == 1 else 's'}, the history and the menu. Everybody has to sign in again."
    )
    return 0


async def _restore(settings: Settings, passwords: dict[str, str], file: Path) -> int:
    dumped_by = await _version_of(file)
    async with database_to_fill(settings) as url:
        async with open_connection(url) as connection:
            if await queries.holds_anything(connection):
                raise RestoreFailed(
                    "that database is not empty: restore into a new one, or into a new CAFE_STATE_DIR"
                    " (nothing in it was touched)"
                )
        programs = at_least(dumped_by, url, "This backup")
        await _check_release(programs, file)
        await _fill(programs, url, file)
        await bring_up_to_date(url, passwords if settings.database_url else {})
        async with open_connection(url) as connection:
            await queries.analyze(connection)
            return int(await queries.count_orders(connection))


async def _version_of(file: Path) -> int:
    """The major version of the pg_dump that wrote the file."""
    if not found():
        raise NoSuchProgram("a restore needs pg_restore and psql: install PostgreSQL's client programs")
    status, output = await outcome([found()[-1].path("pg_restore"), "--list", str(file)], env={"LC_ALL": "C"})
    version = re.search(r"Dumped by pg_dump version: (\d+)", output)
    if "unsupported version" in output:
        raise RestoreFailed(f"{file} was written by a newer pg_dump than any here: {output}")
    if status or not version or "stream_head" not in output:
        raise RestoreFailed(f"{file} is not a café's backup")
    return int(version[1])


async def _check_release(programs: Programs, file: Path) -> None:
    argv = [programs.path("pg_restore"), "--data-only", "--table=schema_migrations", "--file=-", str(file)]
    status, output = await outcome(argv, env={"LC_ALL": "C"})
    theirs = set(re.findall(r"^(\d{4,})$", output, re.MULTILINE))
    ours = {path.name.partition("_")[0] for path in MIGRATIONS.glob("*.sql")}
    if status or not theirs:
        complaint = "; ".join(line for line in output.splitlines() if line.startswith("pg_restore"))
        raise RestoreFailed(f"{file} is damaged: {complaint or 'it has no list of migrations'}")
    if theirs - ours:
        raise RestoreFailed(
            f"{file} is from a newer release (it has migration {max(theirs)}): install that release first"
        )


async def _fill(programs: Programs, url: str, file: Path) -> None:
    """Pipes pg_restore into psql as one transaction; COMMIT is sent only after pg_restore has succeeded."""
    shown, env = without_password(url)
    script = [programs.path("pg_restore"), *ONLY_OURS, "--file=-", str(file)]
    into = [programs.path("psql"), "-XqAt", "--no-password", "--set=ON_ERROR_STOP=1", "--file=-", f"--dbname={shown}"]
    reading = await asyncio.create_subprocess_exec(*script, stdout=PIPE, stderr=PIPE, env={"LC_ALL": "C"})
    writing = await asyncio.create_subprocess_exec(*into, stdin=PIPE, stdout=DEVNULL, stderr=PIPE, env=env)
    try:
        async with asyncio.TaskGroup() as tasks:
            answer = tasks.create_task(_text(writing.stderr))
            complaint = tasks.create_task(_text(reading.stderr))
            await _pipe(reading, writing)
        await asyncio.gather(reading.wait(), writing.wait())
    finally:
        for process in (reading, writing):
            if process.returncode is None:
                process.send_signal(SIGTERM)
            await process.wait()
    if reading.returncode or writing.returncode:
        output = [each for each in (answer.result(), complaint.result()) if each]
        raise RestoreFailed("\n".join([*output, "nothing was restored: the database is as empty as before"]))


async def _pipe(reading: Process, writing: Process) -> None:
    assert reading.stdout  # noqa: S101 - a pipe
    assert writing.stdin  # noqa: S101 - a pipe
    try:
        writing.stdin.write(b"BEGIN;\n")
        first = True
        while chunk := await reading.stdout.read(CHUNK_BYTES):
            writing.stdin.write(chunk.replace(NEWER_SETTING, b"", 1) if first else chunk)
            first = False
            await writing.stdin.drain()
        if await reading.wait() == 0:
            writing.stdin.write(LAST_LINES.read_bytes() + b"COMMIT;\n")
        await writing.stdin.drain()
        writing.stdin.close()
        await writing.stdin.wait_closed()
    except (BrokenPipeError, ConnectionResetError):
        reading.kill()  # psql has written the reason to standard error


async def _text(stream: asyncio.StreamReader | None) -> str:
    assert stream  # noqa: S101 - a pipe
    return (await stream.read()).decode(errors="replace").strip()
