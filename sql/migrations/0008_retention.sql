-- What a café need not know for ever: names and notes are erased from finished orders, and old orders are forgotten whole.
-- migrate:up
ALTER TABLE orders ADD COLUMN erased_at timestamptz;
CREATE INDEX idx_orders_updated_at ON orders (updated_at);
CREATE INDEX idx_orders_not_erased ON orders (updated_at) WHERE erased_at IS NULL AND status IN ('served', 'cancelled');
ALTER TABLE order_events ADD COLUMN erased boolean NOT NULL DEFAULT false;
CREATE INDEX idx_order_events_not_erased ON order_events (committed_at) WHERE NOT erased;

CREATE FUNCTION without_notes(items jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT coalesce(jsonb_agg(CASE WHEN jsonb_typeof(line) = 'object' AND line ? 'notes' THEN line || '{"notes": ""}' ELSE line END
                             ORDER BY place), '[]')
   FROM jsonb_array_elements(items) WITH ORDINALITY AS lines (line, place) $$;

CREATE FUNCTION without_name(body json) RETURNS json LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = public, pg_temp AS
$$ SELECT (body::jsonb || jsonb_build_object('customer_name', '—', 'items', without_notes(body::jsonb -> 'items')))::json $$;

-- Erasing is asked for by setting erased_at, also in psql. It is no change of the order: version, times and screens stay.
CREATE OR REPLACE FUNCTION stamp_changed_order() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moment timestamptz := clock_timestamp();
BEGIN
    IF NEW.id <> OLD.id OR NEW.order_number <> OLD.order_number THEN
        RAISE EXCEPTION 'an order keeps its id and its order_number: cancel it and place another';
    END IF;
    IF OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL THEN
        IF OLD.status NOT IN ('served', 'cancelled') THEN
            RAISE EXCEPTION 'the name of an order that is still being made cannot be erased: serve or cancel it first';
        END IF;
        NEW := OLD;
        NEW.customer_name := '—';
        NEW.items := without_notes(OLD.items);
        NEW.erased_at := moment;
        RETURN NEW;
    END IF;
    NEW.erased_at := OLD.erased_at;
    IF (NEW.status, NEW.customer_name, NEW.items, NEW.total_price)
        IS NOT DISTINCT FROM (OLD.status, OLD.customer_name, OLD.items, OLD.total_price) THEN
        NEW.version := OLD.version;
        NEW.updated_at := OLD.updated_at;
        RETURN NEW;
    END IF;
    NEW.version := OLD.version + 1;
    NEW.updated_at := moment;
    IF NEW.status = OLD.status THEN
        RETURN NEW;
    END IF;
    -- Going back a step forgets the later times and keeps the earlier ones.
    NEW.ordered_at := coalesce(OLD.ordered_at, moment);
    NEW.preparing_at := CASE NEW.status WHEN 'ordered' THEN NULL WHEN 'preparing' THEN coalesce(OLD.preparing_at, moment) ELSE OLD.preparing_at END;
    NEW.ready_at := CASE WHEN NEW.status IN ('ordered', 'preparing') THEN NULL WHEN NEW.status = 'ready' THEN coalesce(OLD.ready_at, moment) ELSE OLD.ready_at END;
    NEW.served_at := CASE NEW.status WHEN 'served' THEN moment END;
    NEW.cancelled_at := CASE NEW.status WHEN 'cancelled' THEN moment END;
    RETURN NEW;
END $$;

-- The history forgets the name with the order, whoever erased it; nothing else in the history can be altered this way.
CREATE FUNCTION erase_history() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE order_events SET body = without_name(body), erased = true WHERE order_id = NEW.id AND NOT erased;
    RETURN NULL;
END $$;
CREATE TRIGGER erase_history AFTER UPDATE ON orders
    FOR EACH ROW WHEN (OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL) EXECUTE FUNCTION erase_history();

-- What the orders service may have done for it and may not do itself, a batch at a time; less than a day is never asked.
-- Finished orders that nobody has touched for as long as `keep`: how many were let go.
CREATE FUNCTION forget_orders(keep interval, batch integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    gone integer;
BEGIN
    DELETE FROM orders WHERE id IN (
        SELECT id FROM orders
        WHERE status IN ('served', 'cancelled') AND updated_at < now() - greatest(keep, interval '1 day')
        ORDER BY updated_at LIMIT batch FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$;

-- The oldest events, only ever from the beginning: what is left has no hole.
CREATE FUNCTION forget_events(keep interval, batch integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    gone integer;
BEGIN
    WITH oldest AS (SELECT seq, committed_at FROM order_events ORDER BY seq LIMIT batch)
    DELETE FROM order_events WHERE seq IN (
        SELECT seq FROM oldest WHERE seq < coalesce(
            (SELECT min(seq) FROM oldest WHERE committed_at >= now() - greatest(keep, interval '1 day')), 9223372036854775807));
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$;

-- Names in the history of orders that somebody deleted by hand: how many events were erased.
CREATE FUNCTION erase_lost_history(keep interval, batch integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    erased_now integer;
BEGIN
    UPDATE order_events SET body = without_name(body), erased = true WHERE seq IN (
        SELECT seq FROM order_events AS event
        WHERE NOT erased AND committed_at < now() - greatest(keep, interval '1 day')
          AND NOT EXISTS (SELECT FROM orders WHERE orders.id = event.order_id AND orders.erased_at IS NULL)
        LIMIT batch);
    GET DIAGNOSTICS erased_now = ROW_COUNT;
    RETURN erased_now;
END $$;

-- migrate:down
DROP TRIGGER erase_history ON orders;
DROP FUNCTION erase_history, forget_orders, forget_events, erase_lost_history, without_name, without_notes;
DROP INDEX idx_orders_updated_at, idx_orders_not_erased, idx_order_events_not_erased;
