"""Ports that no other test process is given: each process locks a block of 100 and hands them out in turn."""

import fcntl
import itertools
import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

FIRST, LAST, BLOCK = 12_000, 20_000, 100
"""Below the ports that systems hand out for outgoing connections, and apart from those that `cafe up` chooses."""
_held: list[IO[str]] = []


def _lock_block() -> range:
    folder = Path(tempfile.gettempdir()) / f"cafe-test-ports-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    for first in range(FIRST, LAST, BLOCK):
        file = (folder / str(first)).open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            continue
        _held.append(file)
        return range(first, first + BLOCK)
    raise RuntimeError("every block of test ports is taken: are 80 test runs going on?")


def _in_turn() -> Iterator[int]:
    yield from itertools.cycle(_lock_block())


_ports = _in_turn()


def free_port() -> int:
    """A port of this process's block that nothing listens on; the last to be handed out again."""
    for port in itertools.islice(_ports, BLOCK):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port in this process's block")
