-- The passwords of the roles that services log in as.

-- name: role_exists(role)$
SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = CAST(:role AS text));

-- name: alter_role_statement(role, verifier)$
-- ALTER ROLE takes no parameters, so the server writes the statement out.
SELECT format('ALTER ROLE %I LOGIN PASSWORD %L', CAST(:role AS text), CAST(:verifier AS text));
