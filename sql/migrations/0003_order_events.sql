-- The café's one history: every change of every order, numbered 1, 2, 3 … in commit order, announced on channel cafe_orders.
-- migrate:up
CREATE TABLE stream_head (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    epoch uuid NOT NULL DEFAULT gen_random_uuid(),
    seq bigint NOT NULL DEFAULT 0 CHECK (seq >= 0),
    -- where this history is being written: a restored or copied database is another home, and so another epoch
    home text NOT NULL DEFAULT ''
);

CREATE TABLE order_events (
    seq bigint PRIMARY KEY,
    order_id integer NOT NULL,
    committed_at timestamptz NOT NULL,
    actor varchar(120) NOT NULL,
    body json NOT NULL
);
CREATE INDEX idx_order_events_order_id ON order_events (order_id);

CREATE FUNCTION history_home() RETURNS text LANGUAGE sql VOLATILE AS
$$ SELECT format('%s/%s/%s', (SELECT oid FROM pg_database WHERE datname = current_database()),
                 'stream_head'::regclass::oid, left(pg_walfile_name(pg_current_wal_lsn()), 8)) $$;
INSERT INTO stream_head DEFAULT VALUES;
UPDATE stream_head SET home = history_home();

-- Takes the next seq. The row lock is held to the commit, so seq order is commit order; a rollback gives the number back.
CREATE FUNCTION advance_stream() RETURNS stream_head LANGUAGE sql VOLATILE AS
$$ UPDATE stream_head SET seq = seq + 1,
       epoch = CASE WHEN home = history_home() THEN epoch ELSE gen_random_uuid() END, home = history_home()
   RETURNING * $$;

CREATE FUNCTION record_order_event() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    head stream_head;
    subject orders;
    moment timestamptz;
    who text := coalesce(nullif(current_setting('cafe.actor', true), ''), 'sql:' || session_user);
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
    -- NOTIFY refuses 8,000 bytes and more; the listener reads what it does not get from the log
    IF octet_length(payload) >= 8000 THEN
        payload := json_build_object('epoch', head.epoch, 'seq', head.seq)::text;
    END IF;
    PERFORM pg_notify('cafe_orders', payload);
    RETURN NULL;
END $$;

-- Deferred to the commit: whoever leaves a transaction open in psql holds the rows it changed, never the whole café.
CREATE CONSTRAINT TRIGGER record_new_order AFTER INSERT ON orders DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION record_order_event();
CREATE CONSTRAINT TRIGGER record_changed_order AFTER UPDATE ON orders DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.version IS DISTINCT FROM NEW.version) EXECUTE FUNCTION record_order_event();
CREATE CONSTRAINT TRIGGER record_deleted_order AFTER DELETE ON orders DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.status IN ('ordered', 'preparing', 'ready')) EXECUTE FUNCTION record_order_event();

-- A history without its orders is another history.
CREATE FUNCTION begin_new_epoch() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    head stream_head;
BEGIN
    UPDATE stream_head SET epoch = gen_random_uuid() RETURNING * INTO head;
    PERFORM pg_notify('cafe_orders', json_build_object('epoch', head.epoch, 'seq', head.seq)::text);
    RETURN NULL;
END $$;
CREATE TRIGGER begin_new_epoch AFTER TRUNCATE ON orders FOR EACH STATEMENT EXECUTE FUNCTION begin_new_epoch();

-- migrate:down
DROP TABLE order_events, stream_head CASCADE;
DROP FUNCTION record_order_event, begin_new_epoch, history_home;
