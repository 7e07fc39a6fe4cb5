"""PostgreSQL: the pool, the LISTEN connection, migrations and roles."""
