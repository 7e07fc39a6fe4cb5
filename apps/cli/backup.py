"""`cafe backup FILE`: the whole database in one file, while orders go on coming in."""

import argparse
import asyncio
import errno
import os
from pathlib import Path

from apps.cli.at_hand import asking, cafe_to_read
from apps.cli.surroundings import surroundings
from apps.kit.lifeline import outcome
from apps.kit.plain_error import PlainError
from apps.kit.postgres_programs import at_least, without_password
from apps.kit.settings import Settings

# Who is signed in opens nothing elsewhere, and what visitors spent weighs minutes: neither belongs in a backup.
LEFT_OUT = ("staff_sessions", "rate_limits")


class BackupFailed(PlainError):
    """No backup was written."""


def backup(chosen: argparse.Namespace) -> int:
    settings = Settings.load(surroundings())
    target: Path = chosen.file.absolute()
    if target.exists():
        raise BackupFailed(f"{target} is there already: a backup overwrites nothing, choose another name")
    if not target.parent.is_dir():
        raise BackupFailed(f"there is no folder {target.parent}")
    try:
        asyncio.run(_backup(settings, target))
    except KeyboardInterrupt:
        raise BackupFailed("stopped; nothing was written") from None
    print(f"{target}: all orders, their history and the menu, {target.stat().st_size / 1000:,.0f} kB.")
    print(
        "Keep CAFE_SECRET and CAFE_STAFF_PASSWORD (or the files secret and staff-password of the state folder) as well."
    )
    return 0


async def _backup(settings: Settings, target: Path) -> None:
    async with cafe_to_read(settings) as url:
        async with asking(url) as connection:
            if await connection.fetchval("select to_regclass('public.stream_head')") is None:
                raise BackupFailed("there is no café in this database")
            major = connection.get_server_version().major
        program = at_least(major, url, "A backup").path("pg_dump")
        partial = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            await _dump(program, url, partial)
            _put_in_place(partial, target)
        finally:
            partial.unlink(missing_ok=True)


async def _dump(program: str, url: str, partial: Path) -> None:
    shown, told = without_password(url)
    left_out = [f"--exclude-table-data=public.{table}" for table in LEFT_OUT]
    words = [program, "--format=custom", "--schema=public", *left_out, "--no-password", f"--dbname={shown}"]
    try:
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise BackupFailed(f"cannot write to {partial.parent}: {error.strerror}") from None
    # by name and not by its standard output: only so it can go back and write where each table begins
    status, said = await outcome([*words, f"--file={partial}"], env=told)
    if status:
        raise BackupFailed(said or f"pg_dump ended with {status}")


def _put_in_place(partial: Path, target: Path) -> None:
    """Whole or not at all, and over nothing that came there meanwhile."""
    try:
        os.link(partial, target)
    except FileExistsError:
        raise BackupFailed(f"{target} is there already: a backup overwrites nothing, choose another name") from None
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK):
            raise
        partial.rename(target)  # a memory stick has no links
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
