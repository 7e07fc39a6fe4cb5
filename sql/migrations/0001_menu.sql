-- What the café sells. Prices are exact decimals in the café's one currency.
-- migrate:up
CREATE FUNCTION utc(moment timestamptz) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') $$;

CREATE TABLE cafe (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    currency char(3) NOT NULL DEFAULT 'EUR' CHECK (currency ~ '^[A-Z]{3}$')
);
INSERT INTO cafe DEFAULT VALUES;

CREATE TABLE menu_categories (
    id varchar(40) PRIMARY KEY,
    name varchar(80) NOT NULL,
    position integer NOT NULL DEFAULT 0
);

CREATE TABLE menu_items (
    id serial PRIMARY KEY,
    category varchar(40) NOT NULL REFERENCES menu_categories,
    name varchar(100) NOT NULL,
    description varchar(300) NOT NULL DEFAULT '',
    price decimal(8,2) NOT NULL CHECK (price >= 0),
    allergens text[] NOT NULL DEFAULT '{}',
    available boolean NOT NULL DEFAULT true,
    position integer NOT NULL DEFAULT 0,
    -- [{"id", "name", "choices": [{"id", "name", "price"}]}]; the first choice is what you get unless you say otherwise
    options jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(options) = 'array')
);

CREATE FUNCTION menu_item_json(item menu_items) RETURNS json LANGUAGE sql STABLE AS
$$ SELECT json_build_object(
    'id', item.id, 'name', item.name, 'description', item.description, 'category', item.category,
    'price', item.price, 'allergens', item.allergens, 'available', item.available, 'options', item.options) $$;

CREATE FUNCTION menu_json() RETURNS json LANGUAGE sql STABLE AS
$$ SELECT json_build_object(
    'currency', (SELECT currency FROM cafe),
    'categories', (SELECT coalesce(json_agg(json_build_object('id', id, 'name', name) ORDER BY position, id), '[]')
                   FROM menu_categories),
    'items', (SELECT coalesce(json_agg(menu_item_json(item.*) ORDER BY kind.position, kind.id, item.position, item.id), '[]')
              FROM menu_items item JOIN menu_categories kind ON kind.id = item.category)) $$;

-- A menu has no history to keep: the notification only says "read it again", so it is empty and folds into one a transaction.
CREATE FUNCTION announce_menu() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_notify('cafe_menu', ''); RETURN NULL; END $$;

CREATE TRIGGER announce_menu AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON menu_items
    FOR EACH STATEMENT EXECUTE FUNCTION announce_menu();
CREATE TRIGGER announce_menu AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON menu_categories
    FOR EACH STATEMENT EXECUTE FUNCTION announce_menu();

-- migrate:down
DROP TABLE menu_items, menu_categories, cafe CASCADE;
DROP FUNCTION menu_json, announce_menu, utc;
