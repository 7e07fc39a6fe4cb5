"""How far the rush is: a bar on a terminal, else a line now and then."""

import asyncio
import sys

from tools.rush.tally import Tally

BAR = 24
EVERY_SECONDS = 0.2
EVERY_SECONDS_AS_LINES = 10.0


async def show_progress(tally: Tally, customers: int) -> None:
    """Goes on until it is cancelled; on standard error, so that the summary can be kept in a file."""
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
