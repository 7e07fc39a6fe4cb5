"""The roles the migrations leave without a password: given one on the database the café brings along."""

import hashlib
import hmac

import asyncpg

ORDERS_ROLE, LISTEN_ROLE = "cafe_orders", "cafe_listen"


def role_password(secret: str, role: str) -> str:
    """The same at every start, and nothing about the secret can be learnt from it."""
    return hmac.new(secret.encode(), role.encode(), hashlib.sha256).hexdigest()


async def open_roles(owner_url: str, secret: str) -> None:
    connection = await asyncpg.connect(owner_url, timeout=10)
    try:
        for role in (ORDERS_ROLE, LISTEN_ROLE):
            # ALTER ROLE takes no parameters, so the server writes the statement out itself.
            statement = await connection.fetchval(
                "select format('alter role %I login password %L', $1::text, $2::text)",
                role,
                role_password(secret, role),
            )
            await connection.execute(statement)
    finally:
        await connection.close()
