// Beside the lanes: what is to be made in all, and the last orders that were served.

import { copyOf, fill, reconcile } from "../dom.js";
import { kitchen as words } from "../words.js";

// The strip shows one line of it, or all.
export function prepareAllDay(element) {
  const strip = element.querySelector("[data-all-day]");
  const button = strip.querySelector("[data-whole]");
  button.addEventListener("click", () => {
    button.setAttribute("aria-expanded", String(strip.toggleAttribute("data-whole")));
  });
}

export function drawAllDay(element, lines) {
  const strip = element.querySelector("[data-all-day]");
  strip.hidden = lines.length === 0;
  reconcile(strip.querySelector("ul"), lines, {
    key: (line) => line.key,
    create: () => copyOf("all-day-line"),
    update: (node, { quantity, name, options }) => fill(node, { quantity, name, options }),
  });
}

export function drawServed(element, orders, actions) {
  const strip = element.querySelector("[data-served]");
  strip.toggleAttribute("data-empty", orders.length === 0);
  reconcile(strip.querySelector("ul"), orders, {
    key: (order) => order.order_number,
    create() {
      const node = copyOf("served-order");
      node.querySelector("button").addEventListener("click", () => actions.recall(node.order));
      return node;
    },
    update(node, order) {
      node.order = order;
      fill(node, { number: order.pickup_number });
      node.querySelector("button").setAttribute("aria-label", words.recall(order.pickup_number));
      node.querySelector("button").disabled = Boolean(actions.pending(order));
    },
  });
}
