"""Reads from the database what the checker compares with."""

import asyncpg

from tests.faults.history import Event, History, Row

LOG = """
SELECT seq, body->>'order_number' AS order_number, (body->>'version')::int AS version, body->>'status' AS status,
       extract(epoch FROM committed_at)::float8 AS at, actor
FROM order_events ORDER BY seq
"""
TABLE = """
SELECT orders.id, order_number, pickup_number, first.body->>'customer_name' AS customer_name, status, version
FROM orders JOIN order_events first ON first.order_id = orders.id AND (first.body->>'version')::int = 1
ORDER BY orders.id
"""


async def read_evidence(connection: "asyncpg.Connection[asyncpg.Record]") -> History:
    """The log and the table; a customer's name is the one the order was placed with."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        epoch = await connection.fetchval("SELECT epoch::text FROM stream_head")
        log = [Event(**dict(row)) for row in await connection.fetch(LOG)]
        table = [Row(**dict(row)) for row in await connection.fetch(TABLE)]
    return History(epoch, [], log, table)
