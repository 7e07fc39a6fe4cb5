-- Until when each visitor's past spending weighs. Unlogged: a crash forgives everyone, and costs nothing before that.
-- migrate:up
CREATE UNLOGGED TABLE rate_limits (
    key text PRIMARY KEY,
    spent_until timestamptz NOT NULL,
    fits boolean NOT NULL DEFAULT true
) WITH (fillfactor = 50);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'cafe_orders') THEN
        GRANT SELECT, INSERT, UPDATE, DELETE ON rate_limits TO cafe_orders;
    END IF;
END $$;

-- migrate:down
DROP TABLE rate_limits;
