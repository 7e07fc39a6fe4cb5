"""`cafe --version`: the release, and in a checkout the commit."""

import shutil
import subprocess

from apps.kit.paths import ROOT

RELEASE = "0.1.0"


def version() -> str:
    """Such as `0.1.0`, or `0.1.0 (1764e41-dirty)` in a checkout whose files were changed."""
    commit = _commit()
    return f"{RELEASE} ({commit})" if commit else RELEASE


def _commit() -> str:
    git = shutil.which("git") if (ROOT / ".git").exists() else None
    if git is None:
        return ""
    describe = [git, "-C", str(ROOT), "describe", "--always", "--dirty", "--tags"]
    return subprocess.run(describe, check=False, capture_output=True, text=True).stdout.strip()  # noqa: S603
