// The cart: a panel beside the menu where there is room, else a sheet behind the bar at the foot of the page.

import { copyOf, fill, reconcile } from "../dom.js";
import { openSheet } from "../shop/sheet.js";
import { onShop, setCart, shop } from "../shop/shop.js";
import { count, isUnderWay, MOST_QUANTITY, priced, setQuantity, total } from "../state/cart.js";
import { cart as words } from "../words.js";

const WIDE = matchMedia("(min-width: 60rem)");

export function start(element) {
  const bar = document.querySelector("[data-cart-bar]");
  const lines = element.querySelector("[data-lines]");

  const place = () => {
    if (element.open) element.close();
    element.toggleAttribute("open", WIDE.matches);
    element.toggleAttribute("data-panel", WIDE.matches);
  };
  WIDE.addEventListener("change", place);
  place();
  bar.addEventListener("click", () => element.showModal());
  element.addEventListener("cancel", (event) => WIDE.matches && event.preventDefault());

  const leave = onShop(() => {
    const items = count(shop.cart);
    const price = shop.money(total(shop.cart, shop.menu));
    const troubled = shop.cart.lines.some((line) => !priced(line, shop.menu).orderable);
    fill(bar, { count: words.count(items), view: troubled ? words.viewTroubled : words.view, total: price });
    fill(element, { sum: price });
    bar.hidden = items === 0;
    element.toggleAttribute("data-empty", items === 0);
    if (items === 0 && !WIDE.matches && element.open) element.close();
    reconcile(lines, shop.cart.lines, { key: (line) => line.line, create: createLine, update: drawLine });
  });
  return () => {
    leave();
    WIDE.removeEventListener("change", place);
  };
}

function createLine(line) {
  const node = copyOf("cart-line");
  const present = () => shop.cart.lines.find((each) => each.line === line.line);
  const change = (by) => setCart(setQuantity(shop.cart, line.line, present().quantity + by));
  const edit = () => openSheet(present().id, present());
  node.querySelector("[data-fewer]").addEventListener("click", () => change(-1));
  node.querySelector("[data-more]").addEventListener("click", () => change(1));
  node.querySelector("[data-remove]").addEventListener("click", () => change(-Infinity));
  node.querySelector("[data-edit]").addEventListener("click", edit);
  node.querySelector("[data-choose]").addEventListener("click", edit);
  return node;
}

// the first choice of an option is the usual one and needs no mention
const unusual = (choices) =>
  choices.filter(({ option, choice }) => choice && choice !== option.choices[0]).map(({ choice }) => choice.name);

function drawLine(node, line) {
  const now = priced(line, shop.menu);
  const name = now.item?.name ?? line.names?.item ?? `#${line.id}`;
  fill(node, {
    name,
    options: unusual(now.choices).join(", "),
    notes: line.notes,
    quantity: line.quantity,
    total: shop.money(now.total),
    trouble: now.problems.map(words.problem).join(" "),
  });
  node.toggleAttribute("data-trouble", !now.orderable);
  const labels = { fewer: words.fewer, more: words.more, remove: words.remove, edit: words.edit, choose: words.chooseFor };
  for (const [button, label] of Object.entries(labels)) {
    node.querySelector(`[data-${button}]`).setAttribute("aria-label", label(name));
  }
  for (const button of node.querySelectorAll("button")) button.disabled = isUnderWay(shop.cart);
  const curable = now.problems.length > 0 && now.problems.every(({ code }) => !code.startsWith("item_"));
  node.querySelector("[data-choose]").hidden = !curable;
  if (line.quantity >= MOST_QUANTITY) node.querySelector("[data-more]").disabled = true;
  if (!now.item) node.querySelector("[data-edit]").disabled = true;
}
