-- name: kitchen_statistics(day_start, timezone)$
-- The kitchen's figures over the café day that began at :day_start, as JSON; durations in seconds, null before the first.
WITH today AS (SELECT * FROM orders WHERE created_at >= :day_start OR updated_at >= :day_start),
waiting AS (SELECT extract(epoch FROM ready_at - ordered_at) AS seconds FROM today WHERE ready_at >= :day_start),
pickup AS (SELECT extract(epoch FROM served_at - ready_at) AS seconds FROM today WHERE served_at >= :day_start AND ready_at IS NOT NULL),
open_lines AS (
    SELECT (line ->> 'id')::integer AS id, line ->> 'name' AS name, line -> 'options' AS options,
           sum((line ->> 'quantity')::integer) AS quantity
    FROM orders, jsonb_array_elements(items) AS line
    WHERE status IN ('ordered', 'preparing') AND line ->> 'id' ~ '^\d{1,9}$' AND line ->> 'quantity' ~ '^\d{1,9}$' GROUP BY 1, 2, 3
)
SELECT json_build_object(
    'counts', (SELECT json_build_object('ordered', count(*) FILTER (WHERE status = 'ordered'),
                                        'preparing', count(*) FILTER (WHERE status = 'preparing'),
                                        'ready', count(*) FILTER (WHERE status = 'ready'))
               FROM orders WHERE status IN ('ordered', 'preparing', 'ready')),
    'served_today', (SELECT count(*) FROM today WHERE status = 'served' AND served_at >= :day_start),
    'cancelled_today', (SELECT count(*) FROM today WHERE status = 'cancelled' AND cancelled_at >= :day_start),
    'waiting_seconds', (SELECT json_build_object('average', round(avg(seconds), 1),
        'p50', round((percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds))::numeric, 1),
        'p90', round((percentile_cont(0.9) WITHIN GROUP (ORDER BY seconds))::numeric, 1)) FROM waiting),
    'pickup_seconds', (SELECT json_build_object('average', round(avg(seconds), 1),
        'p50', round((percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds))::numeric, 1),
        'p90', round((percentile_cont(0.9) WITHIN GROUP (ORDER BY seconds))::numeric, 1)) FROM pickup),
    'orders_per_hour', (SELECT coalesce(json_agg(json_build_object('hour', hour, 'orders', number) ORDER BY hour), '[]')
        FROM (SELECT extract(hour FROM created_at AT TIME ZONE :timezone)::integer AS hour, count(*) AS number
              FROM today WHERE created_at >= :day_start GROUP BY 1) AS hours),
    'all_day', (SELECT coalesce(json_agg(json_build_object('id', id, 'name', name, 'options', options, 'quantity', quantity)
                                         ORDER BY quantity DESC, name, options::text), '[]') FROM open_lines)
)::text;
