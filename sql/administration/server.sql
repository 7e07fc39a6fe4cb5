-- What the embedded server's owner asks before the café's own database exists.

-- name: database_exists(database)$
SELECT EXISTS (SELECT FROM pg_database WHERE datname = CAST(:database AS text));

-- name: create_database_statement(database)$
-- CREATE DATABASE takes no parameters, so the server writes the statement out.
SELECT format('CREATE DATABASE %I', CAST(:database AS text));
