-- The orders service reads and writes what it must; the frontend may LISTEN and read nothing. They get passwords elsewhere.
-- migrate:up
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['cafe_orders', 'cafe_listen'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL;
            WHEN insufficient_privilege THEN
                RAISE WARNING 'may not create role %: ask the administrator for it, then grant as this migration does', wanted;
        END;
    END LOOP;
END $$;

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'cafe_orders') THEN
        GRANT USAGE ON SCHEMA public TO cafe_orders;
        GRANT SELECT ON cafe, menu_categories, menu_items, stream_head, order_events TO cafe_orders;
        GRANT UPDATE (available) ON menu_items TO cafe_orders;
        GRANT SELECT, INSERT, UPDATE ON orders, pickup_days TO cafe_orders;
        GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys, staff_sessions, spent_sign_in_keys TO cafe_orders;
        GRANT USAGE ON SEQUENCE orders_id_seq TO cafe_orders;
    END IF;
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    REVOKE EXECUTE ON FUNCTION advance_stream, record_order_event, begin_new_epoch FROM PUBLIC;
END $$;

-- migrate:down
SELECT 1;
