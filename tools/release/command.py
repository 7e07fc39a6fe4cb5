"""`cafe release-check`: tests the image, the compose file and every profile in a real container engine.

Without an image registry, deploy/offline-images.sh makes replacement images, and environment variables name them.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from apps.kit.user_error import UserError
from tools.release.engine import Engine, open_engine
from tools.release.steps import Check

LONGEST_LINE_SHOWN = 300
STEPS = ("image", "default", "stopping", "tls", "monitoring", "grafana", "scale")


def release_check(args: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(Path(folder))
        check = Check(engine)
        try:
            for name in STEPS:
                if name not in args.without:
                    _step(name, getattr(check, name))
        except UserError:
            _show_logs(engine)
            raise
        finally:
            with suppress(UserError):
                engine.compose("down", "--volumes", "--timeout=15")
    skipped = f" (without {', '.join(args.without)})" if args.without else ""
    print(f"All checks passed{skipped}.")
    return 0


def _step(name: str, look: Callable[[], str]) -> None:
    print(f"── {name}", flush=True)
    began = time.monotonic()
    output = look()
    print(f"   {output} ({time.monotonic() - began:.0f} s)", flush=True)


def _show_logs(engine: Engine) -> None:
    with suppress(UserError):
        for line in engine.compose("logs", "--no-color", "--tail=8").splitlines():
            print(line[:LONGEST_LINE_SHOWN])
