"""A database elsewhere: passwords by SCRAM, and a certificate that is checked to the name."""

import asyncio
import shutil
import ssl
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
import trustme

from apps.kit.database.migrations import migrate
from apps.kit.database.pool import DatabaseNeverCame, open_database
from apps.kit.postgres.programs import at_least, without_password
from apps.kit.postgres.run_as import change_owner
from apps.kit.process.child_process import outcome
from tests import postgres
from tests.integration.command import cafe
from tests.postgres import PostgresServer

# the embedded PostgreSQL is built without TLS: an installed one is needed
INSTALLED = next((path.parent for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))), None)

pytestmark = pytest.mark.skipif(INSTALLED is None, reason="no PostgreSQL with TLS is installed here")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def server(authority: trustme.CA) -> Iterator[PostgresServer]:
    folder = Path(tempfile.mkdtemp(prefix="cafe-tests-"))
    folder.chmod(0o711)
    patched = pytest.MonkeyPatch()
    patched.setenv("TEST_POSTGRES_BIN", str(INSTALLED))
    try:
        made = PostgresServer(folder)
        keys = folder / "keys"
        keys.mkdir(mode=0o700)
        issued = authority.issue_cert("localhost")
        issued.private_key_pem.write_to_path(str(keys / "key.pem"))
        (keys / "key.pem").chmod(0o600)
        issued.cert_chain_pems[0].write_to_path(str(keys / "certificate.pem"))
        change_owner(keys, made.server.run_as.owner)
        tls = {"ssl": "on", "ssl_cert_file": str(keys / "certificate.pem"), "ssl_key_file": str(keys / "key.pem")}
        made.server = replace(made.server, options={**postgres.FOR_TESTS, **tls})
        made.start()
        try:
            yield made
        finally:
            made.stop("immediate")
    finally:
        patched.undo()
        shutil.rmtree(folder)


def _url(server: PostgresServer, host: str, authority: trustme.CA, folder: Path) -> str:
    roots = folder / "roots.pem"
    authority.cert_pem.write_to_path(str(roots))
    return server.url("postgres").replace("127.0.0.1", host) + f"?sslmode=verify-full&sslrootcert={roots}"


async def test_verify_full_migrates_and_serves_over_tls_with_scram(
    server: PostgresServer, authority: trustme.CA, tmp_path: Path
) -> None:
    url = _url(server, "localhost", authority, tmp_path)
    await migrate(url)
    async with open_database(url, attempts=1) as database, database.connection() as connection:
        assert await connection.fetchval("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        assert await connection.fetchval("SELECT count(*) FROM orders") == 0
        kept = await connection.fetchval("SELECT rolpassword FROM pg_authid WHERE rolname = current_user")
        assert kept.startswith("SCRAM-SHA-256$")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_certificate_for_another_name_or_from_another_authority_is_refused(
    server: PostgresServer, authority: trustme.CA, tmp_path: Path, host: str
) -> None:
    trusted = authority if host == "127.0.0.1" else trustme.CA()
    with pytest.raises((DatabaseNeverCame, ssl.SSLError, asyncpg.PostgresError)):
        async with open_database(_url(server, host, trusted, tmp_path), attempts=1):
            pass


async def test_a_backup_and_its_restore_are_encrypted_too(
    server: PostgresServer, authority: trustme.CA, tmp_path: Path
) -> None:
    server.execute("postgres", "create database one")
    server.execute("postgres", "create database other")
    url = _url(server, "localhost", authority, tmp_path)
    one, other = url.replace("/postgres?", "/one?"), url.replace("/postgres?", "/other?")
    await migrate(one)
    file = str(tmp_path / "cafe.dump")
    for words, place in ((("backup", file), one), (("restore", file), other)):
        done = await asyncio.to_thread(cafe, *words, CAFE_DATABASE_URL=place)
        assert done.returncode == 0, done.stderr
        # what pg_dump and psql were told is what they keep to: a name that is not in the certificate ends them as well
        shown, told = without_password(place.replace("localhost", "127.0.0.1"))
        dump = [at_least(1, place, "").path("pg_dump"), "--no-password", "--schema-only", f"--dbname={shown}"]
        assert (await outcome(dump, env=told))[0] != 0
    async with open_database(other, attempts=1) as database, database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM orders") == 0
