"""`python -m apps`: the `cafe` command."""

import os
import signal
import sys

from apps.cli.main import main

if os.getpid() == 1:
    # Nothing ends a container's first process by default: without this, a stop during the start is not heard.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))

try:
    sys.exit(main(sys.argv[1:]))
except KeyboardInterrupt:
    sys.exit(130)
