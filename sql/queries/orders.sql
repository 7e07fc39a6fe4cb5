-- name: next_pickup_number(day)$
-- The next number called out on that café day; the row lock makes the days dense and holds only to the commit.
INSERT INTO pickup_days (day, last_number) VALUES (:day, 1)
ON CONFLICT (day) DO UPDATE SET last_number = pickup_days.last_number + 1
RETURNING last_number;

-- name: insert_order(order_number, customer_name, items, total_price, actor, trace)$
-- The new order as JSON.
INSERT INTO orders (order_number, customer_name, items, total_price)
SELECT :order_number, :customer_name, CAST(:items AS jsonb), CAST(:total_price AS numeric)
FROM set_config('cafe.actor', :actor, true) AS actor, set_config('cafe.trace', :trace, true) AS trace
RETURNING order_json(orders.*)::text;

-- name: move_order(status, actor, trace, order_number, allowed_from, versions)$
-- The order as JSON after one legal step, or nothing where its status or version is no longer what was asked for.
UPDATE orders SET status = :status
FROM set_config('cafe.actor', :actor, true) AS actor, set_config('cafe.trace', :trace, true) AS trace
WHERE order_number = :order_number
  AND status = ANY (CAST(:allowed_from AS text[]))
  AND (CAST(:versions AS integer[]) IS NULL OR version = ANY (CAST(:versions AS integer[])))
RETURNING order_json(orders.*)::text;

-- name: find_order(order_number)^
-- One order by its number: as JSON, with what decisions need beside it.
SELECT order_number, pickup_number, status, version, order_json(orders.*)::text AS body
FROM orders WHERE order_number = :order_number;

-- name: find_order_by_id(id)^
-- One order by its numeric id, for staff.
SELECT order_number, pickup_number, status, version, order_json(orders.*)::text AS body
FROM orders WHERE id = :id;

-- name: list_orders(statuses, before, limit)^
-- A page of orders, newest first, built as JSON here; last_id is the page's last id, more says whether another follows.
WITH page AS (
    SELECT * FROM orders
    WHERE (CAST(:statuses AS text[]) IS NULL OR status = ANY (CAST(:statuses AS text[])))
      AND (CAST(:before AS integer) IS NULL OR id < CAST(:before AS integer))
    ORDER BY id DESC LIMIT CAST(:limit AS integer) + 1
), shown AS (SELECT * FROM page ORDER BY id DESC LIMIT CAST(:limit AS integer))
SELECT coalesce((SELECT json_agg(order_json(orders.*) ORDER BY orders.id DESC) FROM orders WHERE id IN (SELECT id FROM shown)), '[]')::text AS body,
       (SELECT min(id) FROM shown) AS last_id,
       (SELECT count(*) FROM page) > (SELECT count(*) FROM shown) AS more;

-- name: board(finished_minutes)$
-- The head of the stream with every order that is active or finished less than that many minutes ago, oldest first.
SELECT json_build_object('epoch', epoch, 'seq', seq, 'orders', (
    SELECT coalesce(json_agg(order_json(orders.*) ORDER BY id), '[]') FROM orders
    WHERE status IN ('ordered', 'preparing', 'ready')
       OR updated_at > now() - make_interval(mins => CAST(:finished_minutes AS integer))
))::text FROM stream_head;

-- name: events_after(after, limit)^
-- The log after a seq, at most :limit events, with the head it was read at; first_after is the earliest seq after which
-- all of it is still there.
SELECT coalesce((SELECT min(order_events.seq) FROM order_events) - 1, stream_head.seq) AS first_after,
       json_build_object('epoch', epoch, 'head', seq, 'events', (
    SELECT coalesce(json_agg(json_build_object('seq', event.seq, 'committed_at', utc(event.committed_at),
                                               'actor', event.actor, 'order', event.body) ORDER BY event.seq), '[]')
    FROM (SELECT * FROM order_events WHERE order_events.seq > CAST(:after AS bigint)
          ORDER BY order_events.seq LIMIT CAST(:limit AS integer)) AS event
))::text AS body FROM stream_head;

-- name: claim_idempotency_key(key, request_hash)$
-- The key when it is new, nothing when it was used; waits while another request with it is in flight.
INSERT INTO idempotency_keys (key, request_hash) VALUES (:key, :request_hash)
ON CONFLICT (key) DO NOTHING RETURNING key;

-- name: first_answer(key)^
-- What a used key was first answered.
SELECT request_hash, answer FROM idempotency_keys WHERE key = :key;

-- name: keep_first_answer(answer, key)!
-- Keeps the answer, and lets keys of over a day ago go.
WITH old AS (DELETE FROM idempotency_keys WHERE created_at < now() - interval '1 day')
UPDATE idempotency_keys SET answer = :answer WHERE key = :key;

-- name: stream_position()^
-- How far this database's history goes.
SELECT epoch, seq FROM stream_head;
