// Tickets that somebody may be working from and that no longer hold: the order was cancelled, or its content changed. They stay
// to be seen until they are acknowledged.

import { LANES } from "./kitchen.js";

export const none = new Map(); // key -> {key, order as it was, reason: "cancelled" or "changed"}

const isActive = (order) => LANES.includes(order.status);
const content = (order) => JSON.stringify([order.customer_name, order.items]);

// `before` and `after` are the orders by number; `isOwn(number)`: this tablet cancelled it itself
export function withdraw(withdrawn, before, after, isOwn = () => false) {
  const added = [];
  for (const [number, known] of before) {
    const now = after.get(number);
    const order = known.status === "gone" ? { ...known, status: known.was } : known;
    if (!now || !isActive(order)) continue;
    if (now.status === "cancelled" && !isOwn(number)) added.push({ key: `${number} cancelled`, order, reason: "cancelled" });
    if (isActive(now) && content(now) !== content(order)) added.push({ key: `${number} v${order.version}`, order, reason: "changed" });
  }
  return added.length ? new Map([...withdrawn, ...added.map((each) => [each.key, each])]) : withdrawn;
}

export function acknowledge(withdrawn, key) {
  const rest = new Map(withdrawn);
  rest.delete(key);
  return rest;
}

export const inLane = (withdrawn, status) => [...withdrawn.values()].filter(({ order }) => order.status === status);
