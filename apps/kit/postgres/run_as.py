"""The account that PostgreSQL runs as: it refuses to run as root."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from apps.kit.process.child_process import Account
from apps.kit.user_error import UserError


class NoAccount(UserError):
    """There is no account here that could run PostgreSQL."""


@dataclass(frozen=True)
class RunAs:
    prefix: tuple[str, ...] = ()
    become: Account | None = None

    @property
    def owner(self) -> int:
        """The user id that must own the data folder, as seen by this process."""
        return self.become.user if self.become else os.geteuid()

    def status(self, command: Sequence[str]) -> int:
        """The exit status of a short command under this account."""
        changed = {"user": self.become.user, "group": self.become.group, "extra_groups": []} if self.become else {}
        argv = [*self.prefix, *command]
        done = subprocess.run(argv, check=False, capture_output=True, cwd="/", timeout=30, **changed)  # type: ignore[call-overload]  # noqa: S603
        return int(done.returncode)


def choose_account(binaries: Path, folder: Path) -> RunAs:
    """The current user; for root `nobody`; else root in a user namespace that maps it to nobody.

    The user namespace is for a checkout below a folder that only root may enter, such as /root. `unshare` clears the
    parent-death signal, so `setpriv` sets it again (prctl(2), user_namespaces(7)).
    """
    if os.geteuid() != 0:
        return RunAs()
    nobody = pwd.getpwnam("nobody")
    plain = RunAs(become=Account(nobody.pw_uid, nobody.pw_gid))
    if _works(plain, binaries, folder):
        return plain
    if (unshare := shutil.which("unshare")) and (setpriv := shutil.which("setpriv")):
        ids = (f"--map-user={nobody.pw_uid}", f"--map-group={nobody.pw_gid}")
        in_namespace = RunAs(prefix=(unshare, "--user", *ids, setpriv, "--pdeathsig", "INT"))
        if _works(in_namespace, binaries, folder):
            return in_namespace
    raise NoAccount(
        f"PostgreSQL does not run as root, and the user nobody cannot reach {folder} or {binaries}: "
        "keep the checkout and CAFE_STATE_DIR in folders that others may pass through, or run as an ordinary user"
    )


def _works(run_as: RunAs, binaries: Path, folder: Path) -> bool:
    return (
        run_as.status(["/bin/sh", "-c", 'cd "$1" && "$2" --version', "sh", str(folder), str(binaries / "postgres")])
        == 0
    )


def change_owner(folder: Path, owner: int) -> None:
    """Makes `owner` the owner of `folder` and its content; the folder last, to notice an interruption."""
    if folder.stat().st_uid != owner:
        for path in (*folder.rglob("*"), folder):
            os.chown(path, owner, -1, follow_symlinks=False)
