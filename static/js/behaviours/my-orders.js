// A way back to the orders placed from this phone today.

import { copyOf, fill } from "../dom.js";
import { recall } from "../parts/remembered.js";

const STILL_OF_INTEREST_MS = 4 * 3600_000;

export function start(element) {
  const recent = recall("orders", []).filter((order) => Date.now() - order.at < STILL_OF_INTEREST_MS);
  element.hidden = recent.length === 0;
  for (const order of recent.slice(0, 3)) {
    const link = fill(copyOf("my-order"), { number: order.pickup_number });
    link.href = `/orders/${encodeURIComponent(order.order_number)}`;
    element.append(link);
  }
}
