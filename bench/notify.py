"""Where NOTIFY's commit lock ends: changes a second straight in SQL, with and without it, batched, in two databases.

PostgreSQL takes one lock for the whole server from just before the commit of a transaction that notified to its end
(src/backend/commands/async.c, PreCommit_Notify); our own head's row is held as long, for one café.
"""

import asyncio
import re
import statistics
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg

from bench.environment import Postgres
from bench.figure import Table

WRITERS = (1, 8, 32)
ROWS = 400
BATCH = 10
ROUNDS = 3
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
    """The table; the cases take turns, so that what else the machine does is shared among them."""
    table = Table(
        "Where the commit lock ends",
        f"Changes a second by pgbench, the median of {ROUNDS} turns of {seconds:.0f} s, commits durable (`fsync`, "
        "`synchronous_commit` on), each writer on orders of its own; the share is of as many writers without any "
        "history.",
        ("what a change does", *(f"{writers} writer{'s' if writers > 1 else ''}" for writers in WRITERS)),
    )
    plain = await prepared(server, "plain", "history")
    quiet = await prepared(server, "quiet", "notify")
    whole, other = await prepared(server, "whole", "all"), await prepared(server, "other", "all")

    async def in_two(writers: int) -> float:
        halves = (run(server, url, writers // 2, seconds) for url in (whole, other))
        return sum(await asyncio.gather(*halves))

    cases: dict[str, Callable[[int], Awaitable[float]]] = {
        "nothing but the row": lambda writers: run(server, plain, writers, seconds),
        "and the history (seq, event), no NOTIFY": lambda writers: run(server, quiet, writers, seconds),
        "**and NOTIFY: as it is**": lambda writers: run(server, whole, writers, seconds),
        f"as it is, {BATCH} changes in one transaction": lambda writers: run(server, whole, writers, seconds, BATCH),
        "as it is, half of the writers in another database of the server": in_two,
    }
    rates: dict[str, list[str]] = {name: [] for name in cases}
    for writers in WRITERS:
        able = {name: case for name, case in cases.items() if case is not in_two or writers > 1}
        turns = [{name: await case(writers) for name, case in able.items()} for _ in range(ROUNDS)]
        medians = {name: statistics.median(turn[name] for turn in turns) for name in able}
        bare = next(iter(medians.values()))
        for name, cells in rates.items():
            cells.append(f"{medians[name]:,.0f} ({medians[name] / bare:.0%})" if name in medians else "–")
    for name, cells in rates.items():
        table.add(name, *cells)
    return [table]
