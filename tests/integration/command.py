"""A `cafe` command in a process of its own, told nothing but what the test says."""

import os
import subprocess
import sys

from apps.kit.paths import ROOT


def cafe(*words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    plain = {name: value for name, value in os.environ.items() if not name.startswith("CAFE_")}
    return subprocess.run(  # noqa: S603
        [sys.executable, "-P", "-m", "apps", *words],
        env=plain | {"PYTHONPATH": str(ROOT)} | variables,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
