"""`cafe release-check`: the image, the compose file and every profile in a real container engine, before a release.

Where no image registry can be reached, deploy/offline-images.sh makes stand-ins, and the environment names them.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from apps.cli.release_engine import Engine, open_engine
from apps.cli.release_steps import Check
from apps.kit.plain_error import PlainError

LONGEST_LINE_SHOWN = 300
STEPS = ("image", "default", "stopping", "tls", "monitoring", "grafana", "scale")


def release_check(chosen: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(Path(folder))
        check = Check(engine)
        try:
            for name in STEPS:
                if name not in chosen.without:
                    _step(name, getattr(check, name))
        except PlainError:
            _show_logs(engine)
            raise
        finally:
            with suppress(PlainError):
                engine.compose("down", "--volumes", "--timeout=15")
    skipped = f" (without {', '.join(chosen.without)})" if chosen.without else ""
    print(f"The release may go out{skipped}.")
    return 0


def _step(name: str, look: Callable[[], str]) -> None:
    print(f"── {name}", flush=True)
    began = time.monotonic()
    said = look()
    print(f"   {said} ({time.monotonic() - began:.0f} s)", flush=True)


def _show_logs(engine: Engine) -> None:
    with suppress(PlainError):
        for line in engine.compose("logs", "--no-color", "--tail=8").splitlines():
            print(line[:LONGEST_LINE_SHOWN])
