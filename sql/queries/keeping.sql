-- name: only_one_keeper()$
-- Whether nobody else keeps house just now; the lock ends with the transaction, so a pooler does no harm.
SELECT pg_try_advisory_xact_lock(109237108883369);

-- name: erase_names(keep_days, batch)$
-- Erases names and notes of orders that were finished longer ago than that: how many. The history follows by itself.
WITH erased AS (
    UPDATE orders SET erased_at = now() WHERE id IN (
        SELECT id FROM orders
        WHERE erased_at IS NULL AND status IN ('served', 'cancelled')
          AND updated_at < now() - make_interval(days => CAST(:keep_days AS integer))
        ORDER BY updated_at LIMIT CAST(:batch AS integer) FOR UPDATE SKIP LOCKED)
    RETURNING id)
SELECT count(*) FROM erased;

-- name: erase_lost_history(keep_days, batch)$
SELECT erase_lost_history(make_interval(days => CAST(:keep_days AS integer)), CAST(:batch AS integer));

-- name: forget_orders(keep_days, batch)$
SELECT forget_orders(make_interval(days => CAST(:keep_days AS integer)), CAST(:batch AS integer));

-- name: forget_events(keep_days, batch)$
SELECT forget_events(make_interval(days => CAST(:keep_days AS integer)), CAST(:batch AS integer));

-- name: forget_answers()!
-- First answers to Idempotency-Keys hold the order as it was, with its name.
DELETE FROM idempotency_keys WHERE created_at < now() - interval '1 day';

-- name: forget_sessions()!
DELETE FROM staff_sessions WHERE expires_at < now();

-- name: forget_sign_in_keys()!
-- A key is good for a day; after two its signature alone refuses it.
DELETE FROM spent_sign_in_keys WHERE spent_at < now() - interval '2 days';
