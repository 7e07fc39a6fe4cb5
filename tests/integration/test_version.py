"""`cafe --version` names the release."""

import re
import tomllib

from apps.kit.paths import ROOT
from tests.integration.command import cafe


def test_the_version_is_that_of_the_project() -> None:
    done = cafe("--version")
    release = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(rf"cafe {re.escape(release)}( \(\S+\))?\n", done.stdout)
