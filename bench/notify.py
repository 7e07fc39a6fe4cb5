"""Where NOTIFY's commit lock ends: changes a second straight in SQL, with and without it, batched, in two databases.

PostgreSQL takes one lock for the whole server from just before the commit of a transaction that notified to its end
(src/backend/commands/async.c, PreCommit_Notify); our own head's row is held as long, for one café.
"""

import asyncio
import re
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg

from bench.figure import Table
from bench.premises import Postgres

WRITERS = (1, 8, 32)
ROWS = 400
BATCH = 10
CHANGE = "UPDATE orders SET status = CASE status WHEN 'ordered' THEN 'preparing' ELSE 'ordered' END WHERE id = :row;\n"
SPREAD = f"\\set row 1 + :client_id + 40 * random(0, {ROWS // 40 - 1})\n"
ITEM = '[{"id": 1, "name": "Espresso", "price": 2.60, "quantity": 1, "options": [], "notes": ""}]'
SETUP = """
INSERT INTO orders (order_number, customer_name, items, total_price)
SELECT lpad(n::text, 5, '0'), 'Bench', CAST($2::text AS jsonb), 2.60 FROM generate_series(1, $1::integer) n
"""
TRIGGERS = """
SELECT tgname FROM pg_trigger WHERE tgrelid = 'orders'::regclass AND tgfoid = 'record_order_event'::regproc
"""
WITHOUT_NOTIFY = "PERFORM pg_notify('cafe_orders', payload);"
RATE = re.compile(r"tps = ([\d.]+)")


async def prepared(server: Postgres, name: str, variant: str) -> str:
    """A café with orders to change: `all`, without the `notify`, or without any `history`."""
    url = await server.database(name)
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(SETUP, ROWS, ITEM)
        if variant == "notify":
            body = await connection.fetchval("SELECT pg_get_functiondef('record_order_event'::regproc)")
            assert WITHOUT_NOTIFY in body
            await connection.execute(body.replace(WITHOUT_NOTIFY, ""))
        elif variant == "history":
            for trigger in await connection.fetch(TRIGGERS):
                await connection.execute(f'ALTER TABLE orders DISABLE TRIGGER "{trigger["tgname"]}"')
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
    return url


async def run(server: Postgres, url: str, writers: int, seconds: float, batch: int = 1) -> float:
    """Changes a second by so many writers, each on rows of its own."""
    with TemporaryDirectory(prefix="cafe-bench-sql-") as folder:
        script = _script(Path(folder), batch)
        process = await asyncio.create_subprocess_exec(
            *(str(server.server.binaries / "pgbench"), "-n", "-M", "prepared", "-f", str(script)),
            *("-c", str(writers), "-j", "1", "-T", f"{max(1, round(seconds))}", url),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, complained = await process.communicate()
    found = RATE.search(said.decode())
    assert process.returncode == 0, complained.decode()
    assert found, said.decode()
    return float(found[1]) * batch


def _script(folder: Path, batch: int) -> Path:
    script = folder / "change.sql"
    body = (SPREAD + CHANGE) * batch
    script.write_text(f"BEGIN;\n{body}COMMIT;\n" if batch > 1 else body)
    return script


async def measure(server: Postgres, seconds: float) -> list[Table]:
    """The table."""
    table = Table(
        "Where the commit lock ends",
        f"Changes a second by pgbench, {seconds:.0f} s each, commits durable (`fsync`, `synchronous_commit` on), each "
        "writer on orders of its own; the share is of the same number of writers without any history.",
        ("what a change does", *(f"{writers} writer{'s' if writers > 1 else ''}" for writers in WRITERS)),
    )
    plain = await prepared(server, "plain", "history")
    bare = [await run(server, plain, writers, seconds) for writers in WRITERS]
    table.add("nothing but the row", *(f"{rate:,.0f}" for rate in bare))
    quiet = await prepared(server, "quiet", "notify")
    rates = [await run(server, quiet, writers, seconds) for writers in WRITERS]
    table.add("and the history (seq, event), no NOTIFY", *map(_beside, rates, bare))
    whole = await prepared(server, "whole", "all")
    rates = [await run(server, whole, writers, seconds) for writers in WRITERS]
    table.add("**and NOTIFY: as it is**", *map(_beside, rates, bare))
    rates = [await run(server, whole, writers, seconds, BATCH) for writers in WRITERS]
    table.add(f"as it is, {BATCH} changes in one transaction", *map(_beside, rates, bare))
    other = await prepared(server, "other", "all")
    both = []
    for writers in WRITERS:
        halves = (run(server, url, max(1, writers // 2), seconds) for url in (whole, other))
        both.append(sum(await asyncio.gather(*halves)))
    table.add("as it is, the writers in two databases of one server", *map(_beside, both, bare))
    return [table]


def _beside(rate: float, bare: float) -> str:
    return f"{rate:,.0f} ({rate / bare:.0%})"
