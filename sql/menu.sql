-- A sample menu for a new café: 36 items in 6 categories. Loaded by `./cafe up` where there is no menu yet.
BEGIN;

INSERT INTO menu_categories (id, name, position) VALUES
    ('coffee', 'Coffee', 1), ('tea', 'Tea & Chocolate', 2), ('cold', 'Cold & Fresh', 3),
    ('bakery', 'Bakery', 4), ('breakfast', 'Breakfast', 5), ('lunch', 'Lunch', 6);

CREATE TEMPORARY TABLE choice_lists (name text PRIMARY KEY, option jsonb) ON COMMIT DROP;
INSERT INTO choice_lists VALUES
    ('size', '{"id": "size", "name": "Size", "choices": [{"id": "regular", "name": "Regular", "price": 0.00}, {"id": "large", "name": "Large", "price": 0.60}]}'),
    ('milk', '{"id": "milk", "name": "Milk", "choices": [{"id": "whole", "name": "Whole milk", "price": 0.00}, {"id": "skimmed", "name": "Skimmed milk", "price": 0.00}, {"id": "oat", "name": "Oat drink", "price": 0.50}, {"id": "almond", "name": "Almond drink", "price": 0.60}]}'),
    ('shot', '{"id": "shot", "name": "Extra shot", "choices": [{"id": "none", "name": "No extra", "price": 0.00}, {"id": "single", "name": "One more shot", "price": 0.80}, {"id": "double", "name": "Two more shots", "price": 1.50}]}'),
    ('decaf', '{"id": "beans", "name": "Beans", "choices": [{"id": "house", "name": "House roast", "price": 0.00}, {"id": "decaf", "name": "Decaf", "price": 0.30}]}'),
    ('warm', '{"id": "warm", "name": "Served", "choices": [{"id": "asis", "name": "As it is", "price": 0.00}, {"id": "warm", "name": "Warmed up", "price": 0.00}]}'),
    ('butter', '{"id": "with", "name": "With", "choices": [{"id": "plain", "name": "Nothing", "price": 0.00}, {"id": "butter", "name": "Butter", "price": 0.50}, {"id": "jam", "name": "Butter and jam", "price": 1.20}]}'),
    ('ice', '{"id": "ice", "name": "Ice", "choices": [{"id": "ice", "name": "With ice", "price": 0.00}, {"id": "less", "name": "A little ice", "price": 0.00}, {"id": "none", "name": "No ice", "price": 0.00}]}'),
    ('eggs', '{"id": "eggs", "name": "Eggs", "choices": [{"id": "soft", "name": "Soft", "price": 0.00}, {"id": "hard", "name": "Hard", "price": 0.00}, {"id": "extra", "name": "One egg more", "price": 1.40}]}'),
    ('topping', '{"id": "topping", "name": "Topping", "choices": [{"id": "none", "name": "No topping", "price": 0.00}, {"id": "avocado", "name": "Avocado", "price": 2.20}, {"id": "feta", "name": "Feta", "price": 1.60}, {"id": "salmon", "name": "Smoked salmon", "price": 3.40}]}'),
    ('cream', '{"id": "cream", "name": "Cream", "choices": [{"id": "none", "name": "No cream", "price": 0.00}, {"id": "whipped", "name": "Whipped cream", "price": 0.60}]}');

INSERT INTO menu_items (category, name, description, price, allergens, position, options)
SELECT category, name, description, price, allergens, row_number() OVER (),
       coalesce((SELECT jsonb_agg(choice_lists.option ORDER BY wanted.place)
                 FROM unnest(lists) WITH ORDINALITY AS wanted (name, place) JOIN choice_lists USING (name)), '[]')
FROM (VALUES
    ('coffee', 'Espresso', 'Short, dense, a thread of crema. Beans from Huila, roasted on Tuesdays.', 2.60, ARRAY[]::text[], ARRAY['shot', 'decaf']),
    ('coffee', 'Cappuccino', 'Espresso under a third of silk-fine foam.', 3.90, ARRAY['milk'], ARRAY['size', 'milk', 'shot', 'decaf']),
    ('coffee', 'Flat White', 'Two ristretti, less foam, more coffee.', 4.10, ARRAY['milk'], ARRAY['milk', 'shot', 'decaf']),
    ('coffee', 'Caffè Latte', 'Mild and long, for slow mornings.', 4.20, ARRAY['milk'], ARRAY['size', 'milk', 'shot', 'decaf']),
    ('coffee', 'Americano', 'Espresso opened up with hot water.', 3.20, ARRAY[]::text[], ARRAY['size', 'shot', 'decaf']),
    ('coffee', 'Filter of the Day', 'A bright single origin, brewed by hand. Ask which.', 3.40, ARRAY[]::text[], ARRAY['size']),
    ('coffee', 'Cortado', 'Half espresso, half warm milk, no fuss.', 3.40, ARRAY['milk'], ARRAY['milk', 'decaf']),
    ('coffee', 'Café Mocha', 'Espresso, dark chocolate and milk.', 4.80, ARRAY['milk', 'soy'], ARRAY['size', 'milk', 'shot', 'cream']),
    ('tea', 'Earl Grey', 'Black tea with bergamot, in a pot.', 3.60, ARRAY[]::text[], ARRAY['size']),
    ('tea', 'Sencha', 'Steamed green tea from Uji, at 75 degrees.', 3.80, ARRAY[]::text[], ARRAY['size']),
    ('tea', 'Fresh Mint', 'A fistful of mint, honey beside it.', 3.70, ARRAY[]::text[], ARRAY['size']),
    ('tea', 'Masala Chai', 'Assam simmered with ginger, cardamom and pepper.', 4.30, ARRAY['milk'], ARRAY['size', 'milk']),
    ('tea', 'Matcha Latte', 'Stone-ground matcha, whisked to order.', 4.90, ARRAY['milk'], ARRAY['size', 'milk']),
    ('tea', 'Hot Chocolate', '70 % chocolate melted into milk, not powder.', 4.40, ARRAY['milk', 'soy'], ARRAY['size', 'milk', 'cream']),
    ('cold', 'Iced Latte', 'Double espresso and cold milk over ice.', 4.50, ARRAY['milk'], ARRAY['size', 'milk', 'shot', 'ice']),
    ('cold', 'Cold Brew', 'Steeped for sixteen hours, smooth as slate.', 4.60, ARRAY[]::text[], ARRAY['size', 'ice']),
    ('cold', 'Espresso Tonic', 'Tonic, ice, a slow pour of espresso, orange peel.', 4.90, ARRAY[]::text[], ARRAY['shot', 'ice']),
    ('cold', 'Orange Juice', 'Pressed when you order it.', 4.20, ARRAY[]::text[], ARRAY['size', 'ice']),
    ('cold', 'Elderflower Lemonade', 'Lemon, elderflower, sparkling water.', 3.90, ARRAY[]::text[], ARRAY['size', 'ice']),
    ('cold', 'Berry Smoothie', 'Blueberry, raspberry, banana and yoghurt.', 5.40, ARRAY['milk'], ARRAY['size']),
    ('bakery', 'Butter Croissant', 'Three days of folding, eleven minutes of oven.', 2.70, ARRAY['gluten', 'milk', 'egg'], ARRAY['warm', 'butter']),
    ('bakery', 'Pain au Chocolat', 'Two bars of dark chocolate inside.', 3.10, ARRAY['gluten', 'milk', 'egg', 'soy'], ARRAY['warm']),
    ('bakery', 'Cardamom Bun', 'Twisted, sticky, fragrant.', 3.60, ARRAY['gluten', 'milk', 'egg'], ARRAY['warm']),
    ('bakery', 'Banana Bread', 'Toasted walnuts, a crust that crackles.', 3.40, ARRAY['gluten', 'egg', 'nuts'], ARRAY['warm', 'butter']),
    ('bakery', 'Almond Financier', 'Brown butter and almonds, gone in two bites.', 2.40, ARRAY['egg', 'milk', 'nuts'], ARRAY[]::text[]),
    ('bakery', 'Lemon Tart', 'Sharp curd, scorched sugar.', 4.60, ARRAY['gluten', 'milk', 'egg'], ARRAY['cream']),
    ('breakfast', 'Sourdough & Butter', 'Two slices from the morning loaf.', 3.90, ARRAY['gluten', 'milk'], ARRAY['butter', 'topping']),
    ('breakfast', 'Avocado Toast', 'Lime, chilli, seeds, on sourdough.', 8.40, ARRAY['gluten', 'sesame'], ARRAY['eggs', 'topping']),
    ('breakfast', 'Eggs in a Glass', 'Two eggs, chives, soldiers to dip.', 6.80, ARRAY['egg', 'gluten', 'milk'], ARRAY['eggs']),
    ('breakfast', 'Granola Bowl', 'Oats and hazelnuts baked here, yoghurt, berries.', 7.20, ARRAY['milk', 'nuts', 'gluten'], ARRAY['milk']),
    ('breakfast', 'Shakshuka', 'Eggs in tomato, cumin and peppers, bread beside.', 9.80, ARRAY['egg', 'gluten'], ARRAY['eggs', 'topping']),
    ('lunch', 'Soup of the Day', 'What the market had, with bread.', 7.40, ARRAY['gluten', 'celery'], ARRAY['size']),
    ('lunch', 'Croque Monsieur', 'Ham, Comté, béchamel, under the grill.', 8.90, ARRAY['gluten', 'milk'], ARRAY['eggs']),
    ('lunch', 'Goat Cheese Tartine', 'Figs, thyme honey, rocket.', 9.20, ARRAY['gluten', 'milk'], ARRAY['topping']),
    ('lunch', 'Lentil & Beet Salad', 'Puy lentils, roast beetroot, horseradish.', 9.60, ARRAY['mustard'], ARRAY['topping']),
    ('lunch', 'Quiche of the Day', 'Short crust, a green salad beside it.', 8.60, ARRAY['gluten', 'milk', 'egg'], ARRAY['warm'])
) AS sample (category, name, description, price, allergens, lists);

COMMIT;
