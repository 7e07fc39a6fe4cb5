"""`python -m apps`: the `cafe` command."""

import sys

from apps.cli.main import main

try:
    sys.exit(main(sys.argv[1:]))
except KeyboardInterrupt:
    sys.exit(130)
