"""The output of `cafe up`: the services' logs, prefixed with their names, and its own messages."""

import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

WIDTH = len("frontend")
COLOURS = {"frontend": 36, "orders": 33, "kitchen": 32, "café": 35}


@dataclass(frozen=True)
class Console:
    """As text, lines get a prefix, coloured on a terminal; as JSON, the services' lines are left unchanged."""

    text: bool

    def of(self, service: str) -> Callable[[bytes], None]:
        mark = self._mark(service)
        return lambda line: write(mark + line)

    def notify(self, message: str) -> None:
        if self.text:
            write(self._mark("café") + message.encode() + b"\n")
        else:
            write(
                json.dumps({"service": "up", "level": "warning", "event": message}, ensure_ascii=False).encode() + b"\n"
            )

    def _mark(self, service: str) -> bytes:
        if not self.text:
            return b""
        name = service.ljust(WIDTH)
        return (f"\033[{COLOURS[service]}m{name} │\033[0m " if sys.stdout.isatty() else f"{name} | ").encode()


def write(line: bytes) -> None:
    """Writes unbuffered; a closed pipe (`| head`) is ignored."""
    with suppress(OSError):
        os.write(1, line)
