-- One row an order; the trigger keeps version and times true whoever writes, psql included.
-- migrate:up
CREATE TABLE orders (
    id serial PRIMARY KEY,
    order_number varchar(20) UNIQUE NOT NULL,
    customer_name varchar(100) NOT NULL,
    items jsonb NOT NULL,
    total_price decimal(10,2) NOT NULL,
    status varchar(20) NOT NULL DEFAULT 'ordered',
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    version integer NOT NULL DEFAULT 1,
    pickup_number varchar(20) GENERATED ALWAYS AS (split_part(order_number, '-', 1)) STORED,
    ordered_at timestamptz,
    preparing_at timestamptz,
    ready_at timestamptz,
    served_at timestamptz,
    cancelled_at timestamptz,
    CONSTRAINT status_is_known CHECK (status IN ('ordered', 'preparing', 'ready', 'served', 'cancelled')),
    CONSTRAINT version_counts_from_one CHECK (version >= 1),
    CONSTRAINT total_is_not_negative CHECK (total_price >= 0),
    CONSTRAINT items_are_a_list CHECK (jsonb_typeof(items) = 'array'),
    CONSTRAINT order_number_is_there CHECK (order_number <> '')
);
CREATE INDEX idx_orders_order_number ON orders (order_number);
CREATE INDEX idx_orders_status ON orders (status);
CREATE INDEX idx_orders_created_at ON orders (created_at DESC);

-- The number that is called out: 001, 002, … from the start of each café day.
CREATE TABLE pickup_days (
    day date PRIMARY KEY,
    last_number integer NOT NULL CHECK (last_number >= 1)
);

CREATE FUNCTION stamp_new_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.version := 1;
    NEW.updated_at := NEW.created_at;
    NEW.ordered_at := coalesce(NEW.ordered_at, NEW.created_at);
    CASE NEW.status
        WHEN 'preparing' THEN NEW.preparing_at := coalesce(NEW.preparing_at, NEW.created_at);
        WHEN 'ready' THEN NEW.ready_at := coalesce(NEW.ready_at, NEW.created_at);
        WHEN 'served' THEN NEW.served_at := coalesce(NEW.served_at, NEW.created_at);
        WHEN 'cancelled' THEN NEW.cancelled_at := coalesce(NEW.cancelled_at, NEW.created_at);
        ELSE NULL;
    END CASE;
    RETURN NEW;
END $$;

CREATE FUNCTION stamp_changed_order() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moment timestamptz := clock_timestamp();
BEGIN
    IF NEW.id <> OLD.id OR NEW.order_number <> OLD.order_number THEN
        RAISE EXCEPTION 'an order keeps its id and its order_number: cancel it and place another';
    END IF;
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

CREATE TRIGGER stamp_new_order BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION stamp_new_order();
CREATE TRIGGER update_orders_updated_at BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION stamp_changed_order();

CREATE FUNCTION order_json(o orders) RETURNS json LANGUAGE sql STABLE AS
$$ SELECT json_build_object(
    'id', o.id, 'order_number', o.order_number, 'pickup_number', o.pickup_number, 'customer_name', o.customer_name,
    'items', o.items, 'total_price', o.total_price, 'status', o.status, 'version', o.version,
    'created_at', utc(o.created_at), 'updated_at', utc(o.updated_at), 'ordered_at', utc(o.ordered_at),
    'preparing_at', utc(o.preparing_at), 'ready_at', utc(o.ready_at), 'served_at', utc(o.served_at),
    'cancelled_at', utc(o.cancelled_at)) $$;

-- The first answer to each Idempotency-Key, given again word for word to whoever repeats the request.
CREATE TABLE idempotency_keys (
    key varchar(255) PRIMARY KEY,
    request_hash bytea NOT NULL,
    answer text,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idx_idempotency_keys_created_at ON idempotency_keys (created_at);

-- migrate:down
DROP TABLE orders, pickup_days, idempotency_keys CASCADE;
DROP FUNCTION stamp_new_order, stamp_changed_order;
