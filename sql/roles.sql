-- The orders service reads and writes what it must; the frontend may LISTEN and read nothing. `./cafe migrate` runs this
-- every time, so that roles which an administrator made later, or a restored database, get the same rights.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['cafe_orders', 'cafe_listen'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
            EXCEPTION
                WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN NULL;
            END;
        END IF;
    END LOOP;
END $$;

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'cafe_orders') THEN
        GRANT USAGE ON SCHEMA public TO cafe_orders;
        GRANT SELECT ON cafe, menu_categories, menu_items, stream_head, order_events TO cafe_orders;
        GRANT UPDATE (available) ON menu_items TO cafe_orders;
        GRANT SELECT, INSERT, UPDATE ON orders, pickup_days TO cafe_orders;
        GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys, staff_sessions, spent_sign_in_keys, rate_limits TO cafe_orders;
        GRANT USAGE ON SEQUENCE orders_id_seq TO cafe_orders;
        GRANT EXECUTE ON FUNCTION forget_orders, forget_events, erase_lost_history TO cafe_orders;
    END IF;
    REVOKE EXECUTE ON FUNCTION advance_stream, record_order_event, begin_new_epoch, erase_history, forget_orders,
        forget_events, erase_lost_history FROM PUBLIC;
    BEGIN
        REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    EXCEPTION
        WHEN insufficient_privilege THEN NULL;
    END;
END $$;
