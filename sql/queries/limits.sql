-- name: spend(key, seconds_each, burst)^
-- One piece of a budget (generic cell rate algorithm), in one atomic statement: whether there was one left, and for how
-- many seconds the key's spending weighs now. Whoever waited for the row sees what the one before them left.
INSERT INTO rate_limits AS budget (key, spent_until)
VALUES (:key, clock_timestamp() + make_interval(secs => CAST(:seconds_each AS float8)))
ON CONFLICT (key) DO UPDATE SET
    fits = budget.spent_until <= clock_timestamp() + make_interval(secs => CAST(:seconds_each AS float8) * (CAST(:burst AS integer) - 1)),
    spent_until = CASE
        WHEN budget.spent_until <= clock_timestamp() + make_interval(secs => CAST(:seconds_each AS float8) * (CAST(:burst AS integer) - 1))
        THEN greatest(budget.spent_until, clock_timestamp()) + make_interval(secs => CAST(:seconds_each AS float8))
        ELSE budget.spent_until END
RETURNING fits, greatest(0, extract(epoch FROM spent_until - clock_timestamp()))::float8 AS backlog_seconds;

-- name: forget_spent()!
-- Lets go of those whose spending has not weighed for a while.
DELETE FROM rate_limits WHERE spent_until < clock_timestamp() - interval '10 minutes';
