// What the lobby sees: numbers that are being prepared or ready, and nothing else.

import * as stream from "./stream.js";

const SHOWN = ["preparing", "ready"];

const rules = {
  dense: true,
  key: (order) => order.pickup_number,
  newer: () => true,
  shows: (order) => SHOWN.includes(order.status),
};

export const atFirst = stream.atFirst;

export const applyMessage = (state, message) => stream.applyMessage(rules, state, message);

export const applyPoll = (state, answer) => applyMessage(state, { ...answer, type: "snapshot" }).state;

const NEW_FOR_MS = 60_000;

const byTime = (one, other) => one.since.localeCompare(other.since) || one.pickup_number.localeCompare(other.pickup_number);

// The orders in one status: being prepared, oldest first; ready, newest first.
export function half(state, status) {
  const orders = [...state.orders.values()].filter((order) => order.status === status).sort(byTime);
  return status === "ready" ? orders.reverse() : orders;
}

// `now` in ms since the epoch
export const isNew = (since, now) => now - Date.parse(since) < NEW_FOR_MS;
