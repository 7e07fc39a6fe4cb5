// What the kitchen knows: every active order, and the last finished ones for a recall.

import * as stream from "./stream.js";

export const LANES = ["ordered", "preparing", "ready"];
const MOST_FINISHED = 40;

const newer = (order, known) => order.version > known.version;
const isActive = (order) => LANES.includes(order.status);

const rules = { dense: true, key: (order) => order.order_number, newer, shows: () => true, tidy };

export const atFirst = stream.atFirst;

export const applyMessage = (state, message) => stream.applyMessage(rules, state, message);

// The poll lists the active orders only. One that it lacks is over: kept by its version, so that an older change that is
// replayed later can't bring it back, but shown nowhere until it is known how it ended.
export function applyPoll(state, active) {
  const orders = new Map();
  for (const [number, order] of state.orders) {
    orders.set(number, isActive(order) ? { ...order, status: "gone", was: order.status } : order);
  }
  for (const order of active) {
    const known = state.orders.get(order.order_number);
    orders.set(order.order_number, known && newer(known, order) ? known : order);
  }
  return { ...state, orders: tidy(orders) };
}

// One order as an answer to our own tap gave it, perhaps before the stream brings it.
export function applyAnswer(state, order) {
  const known = state.orders.get(order.order_number);
  if (known && !newer(order, known)) return state;
  return { ...state, orders: new Map(state.orders).set(order.order_number, order) };
}

// Since when an order has been waiting: to be made, or on the counter.
export const waitingSince = (order) => (order.status === "ready" ? order.ready_at : order.ordered_at) ?? order.created_at;

export const byAge = (one, other) => waitingSince(one).localeCompare(waitingSince(other)) || one.id - other.id;

export const lane = (state, status) => [...state.orders.values()].filter((order) => order.status === status).sort(byAge);

// Orders that a poll no longer listed, so that it is not known how they ended.
export const gone = (state) => [...state.orders.values()].filter((order) => order.status === "gone");

export function lastServed(state, count) {
  return [...state.orders.values()]
    .filter((order) => order.status === "served")
    .sort((one, other) => other.updated_at.localeCompare(one.updated_at))
    .slice(0, count);
}

function tidy(orders) {
  const finished = [...orders.values()].filter((order) => !isActive(order));
  if (finished.length <= MOST_FINISHED * 2) return orders;
  finished.sort((one, other) => one.updated_at.localeCompare(other.updated_at));
  for (const order of finished.slice(0, -MOST_FINISHED)) orders.delete(order.order_number);
  return orders;
}
