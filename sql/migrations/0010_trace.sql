-- The notification of a change says in which trace it was made (W3C traceparent), where somebody traces; the log does not.
-- migrate:up
CREATE OR REPLACE FUNCTION record_order_event() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    head stream_head;
    subject orders;
    moment timestamptz;
    who text := coalesce(nullif(current_setting('cafe.actor', true), ''), 'sql:' || session_user);
    trace text := current_setting('cafe.trace', true);
    payload text;
BEGIN
    IF TG_OP = 'DELETE' THEN
        -- an order that is still being made and is deleted by hand leaves the screens as a cancelled one
        subject := OLD;
        subject.status := 'cancelled';
        subject.version := OLD.version + 1;
        subject.cancelled_at := clock_timestamp();
        subject.updated_at := subject.cancelled_at;
    ELSE
        subject := NEW;
    END IF;
    head := advance_stream();
    moment := clock_timestamp();
    INSERT INTO order_events (seq, order_id, committed_at, actor, body)
    VALUES (head.seq, subject.id, moment, left(who, 120), order_json(subject));
    payload := json_build_object('epoch', head.epoch, 'seq', head.seq, 'committed_at', utc(moment),
                                 'actor', left(who, 120), 'order', order_json(subject))::text;
    IF trace ~ '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$' THEN
        payload := left(payload, -1) || ', "trace": "' || trace || '"}';
    END IF;
    -- NOTIFY refuses 8,000 bytes and more; the listener reads what it does not get from the log
    IF octet_length(payload) >= 8000 THEN
        payload := json_build_object('epoch', head.epoch, 'seq', head.seq)::text;
    END IF;
    PERFORM pg_notify('cafe_orders', payload);
    RETURN NULL;
END $$;

-- migrate:down
SELECT 1;
