"""The progress of a rush: a bar on a terminal, else a line every 10 s."""

import asyncio
import sys

from tools.rush.tally import Tally

BAR = 24
EVERY_SECONDS = 0.2
EVERY_SECONDS_AS_LINES = 10.0


async def show_progress(tally: Tally, customers: int) -> None:
    """Writes to standard error until it is cancelled, so that standard output has the summary alone."""
    bar = sys.stderr.isatty()
    try:
        while True:
            _write(tally, customers, bar=bar)
            await asyncio.sleep(EVERY_SECONDS if bar else EVERY_SECONDS_AS_LINES)
    finally:
        _write(tally, customers, bar=bar)
        if bar:
            sys.stderr.write("\n")


def _write(tally: Tally, customers: int, *, bar: bool) -> None:
    line = tally.line(customers)
    if bar:
        done = BAR * min(customers, sum(tally.ended.values())) // customers
        line = f"\r\033[K{'█' * done}{'░' * (BAR - done)} {line}"
    sys.stderr.write(line if bar else line + "\n")
    sys.stderr.flush()
