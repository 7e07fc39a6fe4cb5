"""Returns when the database lets us in: before that, neither a migration nor the orders service has anything to do."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import asyncpg

EVERY_SECONDS = 2.0


async def wait(url: str) -> None:
    said = ""
    while True:
        try:
            connection = await asyncpg.connect(url, timeout=5)
        except asyncpg.ClientConfigurationError as error:
            sys.exit(f"the database's address cannot be used: {error}")
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            reason = str(error) or type(error).__name__
            if reason != said:
                print(f"waiting for the database: {reason}", flush=True)
                said = reason
            await asyncio.sleep(EVERY_SECONDS)
        else:
            await connection.close()
            return


def main() -> None:
    # a container's first process is not ended by a signal that nobody handles
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    file = os.environ.get("CAFE_DATABASE_URL_FILE")
    url = Path(file).read_text().strip() if file else os.environ.get("CAFE_DATABASE_URL", "")
    if not url:
        sys.exit("CAFE_DATABASE_URL is not set")
    asyncio.run(wait(url))
    print("the database lets us in")


if __name__ == "__main__":
    main()
