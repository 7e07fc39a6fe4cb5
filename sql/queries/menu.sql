-- name: menu()$
-- The whole menu as JSON.
SELECT menu_json()::text;

-- name: set_available(available, id)$
-- The item as JSON after it was marked sold out or back; nothing when there is no such item.
UPDATE menu_items SET available = :available WHERE id = :id RETURNING menu_item_json(menu_items.*)::text;
