"""`cafe backup FILE`: dumps the whole database into one file; the café may be running."""

import argparse
import asyncio
import errno
import os
from pathlib import Path

from apps.cli.database_access import database_to_read, open_connection
from apps.cli.load_environment import load_environment
from apps.cli.queries import queries
from apps.kit.postgres.programs import at_least, without_password
from apps.kit.process.child_process import outcome
from apps.kit.settings.settings import Settings
from apps.kit.user_error import UserError

# Sessions and rate limits are worth nothing in another database.
LEFT_OUT = ("staff_sessions", "rate_limits")


class BackupFailed(UserError):
    """No backup was written."""


def backup(args: argparse.Namespace) -> int:
    settings = Settings.load(load_environment())
    target: Path = args.file.absolute()
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
    async with database_to_read(settings) as url:
        async with open_connection(url) as connection:
            if not await queries.holds_a_cafe(connection):
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
    shown, env = without_password(url)
    left_out = [f"--exclude-table-data=public.{table}" for table in LEFT_OUT]
    argv = [program, "--format=custom", "--schema=public", *left_out, "--no-password", f"--dbname={shown}"]
    try:
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise BackupFailed(f"cannot write to {partial.parent}: {error.strerror}") from None
    # --file, not standard output: pg_dump seeks back to write the offsets of the tables
    status, output = await outcome([*argv, f"--file={partial}"], env=env)
    if status:
        raise BackupFailed(output or f"pg_dump ended with {status}")


def _put_in_place(partial: Path, target: Path) -> None:
    """Moves the complete file to its name; never overwrites a file that was created meanwhile."""
    try:
        os.link(partial, target)
    except FileExistsError:
        raise BackupFailed(f"{target} is there already: a backup overwrites nothing, choose another name") from None
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK):
            raise
        partial.rename(target)  # file systems such as FAT have no hard links
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
