// Draws the menu: a section for each category, a row for each item.

import { copyOf, fill, reconcile, slot } from "../dom.js";
import { cents, moneyIn } from "../money.js";
import { menu as words } from "../words.js";
import { iconFor } from "./icons.js";
import { watchSections } from "./sections.js";

export function drawMenu(element, menu) {
  const money = moneyIn(menu.currency);
  const filled = menu.categories
    .map((category) => ({ ...category, items: menu.items.filter((item) => item.category === category.id) }))
    .filter((category) => category.items.length);
  element.querySelector("[data-missing]")?.remove();
  reconcile(document.querySelector("[data-sections]"), filled, {
    key: (category) => category.id,
    create: (category) => createSection(element, category),
    update: (node, category) => drawSection(node, category, money),
  });
  reconcile(document.querySelector("[data-category-nav]"), filled, {
    key: (category) => category.id,
    create: createLink,
  });
  watchSections();
}

function createLink(category) {
  const node = fill(copyOf("category-link"), { name: category.name });
  node.querySelector("a").href = `#menu-${category.id}`;
  return node;
}

function createSection(element, category) {
  const node = fill(copyOf("category"), { name: category.name });
  node.id = `menu-${category.id}`;
  slot(node, "name").id = `menu-${category.id}-name`;
  node.setAttribute("aria-labelledby", `menu-${category.id}-name`);
  slot(node, "icon").setAttribute("href", `${element.dataset.icons}#${iconFor(category)}`);
  return node;
}

function drawSection(section, category, money) {
  reconcile(section.querySelector("[data-items]"), category.items, {
    key: (item) => item.id,
    create: () => copyOf("item"),
    update: (node, item) => drawItem(node, item, money),
  });
}

function drawItem(node, item, money) {
  const dearer = item.options.some((option) => option.choices.some((choice) => cents(choice.price) !== 0));
  const price = money(cents(item.price));
  fill(node, {
    name: item.name,
    description: item.description,
    allergens: item.allergens.length ? words.contains(item.allergens) : "",
    price: dearer ? words.from(price) : price,
    "sold-out": item.available ? "" : words.soldOut,
  });
  node.toggleAttribute("data-sold-out", !item.available);
  const button = slot(node, "name");
  button.dataset.item = item.id;
  button.disabled = !item.available;
}
