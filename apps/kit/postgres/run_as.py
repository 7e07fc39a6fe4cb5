"""Who runs PostgreSQL: it refuses to run as root, so root hands it to somebody else."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from apps.kit.process.child_process import Account
from apps.kit.user_error import UserError


class NobodyCanRunIt(UserError):
    """Root cannot hand PostgreSQL to an ordinary user here."""


@dataclass(frozen=True)
class RunAs:
    prefix: tuple[str, ...] = ()
    become: Account | None = None

    @property
    def owner(self) -> int:
        """Who must own the data, as this process sees it."""
        return self.become.user if self.become else os.geteuid()

    def status(self, command: Sequence[str]) -> int:
        """How a short command ends under this account."""
        changed = {"user": self.become.user, "group": self.become.group, "extra_groups": []} if self.become else {}
        argv = [*self.prefix, *command]
        done = subprocess.run(argv, check=False, capture_output=True, cwd="/", timeout=30, **changed)  # type: ignore[call-overload]  # noqa: S603
        return int(done.returncode)


def choose_account(binaries: Path, folder: Path) -> RunAs:
    """Ourselves, or for root `nobody`, or for root a user namespace where we look like nobody.

    The last is for a checkout below a folder that only root may enter. `unshare` clears the parent-death signal, hence
    `setpriv` (see prctl(2) and user_namespaces(7)).
    """
    if os.geteuid() != 0:
        return RunAs()
    nobody = pwd.getpwnam("nobody")
    plain = RunAs(become=Account(nobody.pw_uid, nobody.pw_gid))
    if _works(plain, binaries, folder):
        return plain
    if (unshare := shutil.which("unshare")) and (setpriv := shutil.which("setpriv")):
        ids = (f"--map-user={nobody.pw_uid}", f"--map-group={nobody.pw_gid}")
        disguised = RunAs(prefix=(unshare, "--user", *ids, setpriv, "--pdeathsig", "INT"))
        if _works(disguised, binaries, folder):
            return disguised
    raise NobodyCanRunIt(
        f"PostgreSQL does not run as root, and the user nobody cannot reach {folder} or {binaries}: "
        "keep the checkout and CAFE_STATE_DIR in folders that others may pass through, or run as an ordinary user"
    )


def _works(run_as: RunAs, binaries: Path, folder: Path) -> bool:
    return (
        run_as.status(["/bin/sh", "-c", 'cd "$1" && "$2" --version', "sh", str(folder), str(binaries / "postgres")])
        == 0
    )


def hand_over(folder: Path, owner: int) -> None:
    """Make `owner` the owner of all of `folder`, if somebody else was; the folder last, so that half done shows."""
    if folder.stat().st_uid != owner:
        for path in (*folder.rglob("*"), folder):
            os.chown(path, owner, -1, follow_symlinks=False)
