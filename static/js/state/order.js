// One customer's order: the café's positions may skip, the order's own version may not go back.

import * as stream from "./stream.js";

const rules = {
  dense: false,
  outlives: true,
  key: (order) => order.order_number,
  newer: (order, known) => order.version > known.version,
  shows: () => true,
};

export const atFirst = stream.atFirst;

export const applyMessage = (state, message) => stream.applyMessage(rules, state, message);

export function applyPoll(state, order) {
  const known = only(state);
  if (known && !rules.newer(order, known)) return state;
  return { ...state, orders: new Map([[order.order_number, order]]) };
}

export const only = (state) => state.orders.values().next().value;
