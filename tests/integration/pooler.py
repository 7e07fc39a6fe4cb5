"""A real PgBouncer in transaction mode, in front of one server."""

import asyncio
import os
import pwd
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from signal import SIGINT
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from apps.kit.postgres.run_as import change_owner
from tests.cafe import eventually
from tests.deployment.programs import from_debian, told_of_libraries
from tests.ports import free_port

CONFIGURATION = """\
[databases]
* = host=127.0.0.1 port={port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own_port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = 3
"""


@asynccontextmanager
async def pooled(url: str) -> AsyncIterator[str]:
    """The same URL by way of PgBouncer, which has three connections for everybody."""
    program = from_debian("pgbouncer", "usr/sbin/pgbouncer", ("libc-ares2", "libevent-2.1-7"))
    parts, own_port = urlsplit(url), free_port()
    through = urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.port}", f":{own_port}")))
    folder = Path(tempfile.mkdtemp(prefix="cafe-pooler-"))
    try:
        (folder / "users").write_text(f'"{parts.username}" "{parts.password}"\n')
        configuration = folder / "pgbouncer.ini"
        configuration.write_text(CONFIGURATION.format(port=parts.port, own_port=own_port, folder=folder))
        nobody = ["-u", "nobody"] if os.geteuid() == 0 else []
        if nobody:
            change_owner(folder, pwd.getpwnam("nobody").pw_uid)
        process = await asyncio.create_subprocess_exec(
            program, "-q", *nobody, configuration, env=told_of_libraries(program), cwd="/"
        )
        try:
            await eventually(lambda: _answers(through, process))
            yield through
        finally:
            if process.returncode is None:
                process.send_signal(SIGINT)
            await process.wait()
    finally:
        shutil.rmtree(folder)


async def _answers(url: str, process: asyncio.subprocess.Process) -> bool:
    assert process.returncode is None, "PgBouncer has ended"
    with suppress(OSError):
        await (await asyncpg.connect(url, statement_cache_size=0)).close()
        return True
    return False
