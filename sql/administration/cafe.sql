-- What the commands backup, restore and migrate ask of a café's database.

-- name: holds_a_cafe()$
SELECT to_regclass('public.stream_head') IS NOT NULL;

-- name: holds_anything()$
SELECT EXISTS (
    SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S'));

-- name: count_orders()$
SELECT count(*) FROM orders;

-- name: analyze()!
ANALYZE;

-- name: lock_menu()!
LOCK TABLE menu_items IN EXCLUSIVE MODE;

-- name: menu_is_empty()$
SELECT NOT EXISTS (SELECT FROM menu_items);
