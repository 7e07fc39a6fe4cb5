// Beside the lanes: what is to be made all in all, and what has just gone over the counter.

import { copyOf, fill, reconcile } from "../dom.js";
import { kitchen as words } from "../words.js";

export function drawAllDay(element, lines) {
  const strip = element.querySelector("[data-all-day]");
  strip.hidden = lines.length === 0;
  reconcile(strip.querySelector("ul"), lines, {
    key: (line) => line.key,
    create: () => copyOf("all-day-line"),
    update: (node, { quantity, name, options }) => fill(node, { quantity, name, options }),
  });
}

export function drawServed(element, orders, moves) {
  const strip = element.querySelector("[data-served]");
  strip.hidden = orders.length === 0;
  reconcile(strip.querySelector("ul"), orders, {
    key: (order) => order.order_number,
    create() {
      const node = copyOf("served-order");
      node.querySelector("button").addEventListener("click", () => moves.recall(node.order));
      return node;
    },
    update(node, order) {
      node.order = order;
      fill(node, { number: order.pickup_number });
      node.querySelector("button").setAttribute("aria-label", words.recall(order.pickup_number));
      node.querySelector("button").disabled = Boolean(moves.pending(order));
    },
  });
}
