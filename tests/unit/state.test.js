// What the screens make of their streams, purely.

import assert from "node:assert/strict";
import { test } from "node:test";

import { BASE_MS, MOST_MS, RESTARTED, waitBeforeRetry } from "../../static/js/state/backoff.js";
import * as cart from "../../static/js/state/cart.js";
import { createClock } from "../../static/js/state/clock.js";
import { describe, STALE_AFTER_MS } from "../../static/js/state/connection.js";
import * as display from "../../static/js/state/display.js";
import { fit } from "../../static/js/state/fit.js";
import * as kitchen from "../../static/js/state/kitchen.js";
import * as customer from "../../static/js/state/order.js";

const order = (number, status, version) => ({ order_number: number, id: Number(number), status, version, ordered_at: "t", updated_at: `t${version}` });
const snapshot = (seq, ...orders) => ({ type: "snapshot", epoch: "e", seq, orders });
const change = (seq, changed, epoch = "e") => ({ type: "change", epoch, seq, order: changed });
const play = (source, ...messages) =>
  messages.reduce(({ state }, message) => source.applyMessage(state, message), { state: source.atFirst });

test("a change that is the next is taken, one that was seen is dropped", () => {
  const first = play(kitchen, snapshot(4, order("1", "ordered", 1)), change(5, order("1", "preparing", 2)));
  assert.equal(first.action, "change");
  assert.equal(kitchen.lane(first.state, "preparing").length, 1);
  const again = kitchen.applyMessage(first.state, change(5, order("1", "ordered", 1)));
  assert.equal(again.action, "drop");
  assert.deepEqual(again.state.orders, first.state.orders);
});

test("anything but the next is a gap, and so is a heartbeat from further on", () => {
  const { state } = play(kitchen, snapshot(4));
  assert.equal(kitchen.applyMessage(state, change(6, order("1", "ordered", 1))).action, "gap");
  assert.equal(kitchen.applyMessage(state, { type: "heartbeat", epoch: "e", seq: 5 }).action, "gap");
  assert.equal(kitchen.applyMessage(state, { type: "heartbeat", epoch: "e", seq: 4 }).action, "none");
});

test("another history means a fresh start", () => {
  const { state } = play(display, snapshot(4));
  for (const message of [change(5, {}, "other"), { type: "heartbeat", epoch: "other", seq: 5 }, { type: "resumed", epoch: "other", seq: 4, missed: 0 }]) {
    assert.equal(display.applyMessage(state, message).action, "epoch");
  }
});

test("what was missed is drawn when all of it is there", () => {
  const { state } = play(kitchen, snapshot(1, order("1", "ordered", 1)));
  const steps = [{ type: "resumed", epoch: "e", seq: 1, missed: 2 }, change(2, order("1", "preparing", 2)), change(3, order("1", "ready", 3))];
  const actions = [];
  let now = state;
  for (const message of steps) {
    const applied = kitchen.applyMessage(now, message);
    actions.push(applied.action);
    now = applied.state;
  }
  assert.deepEqual(actions, ["replaying", "replaying", "change"]);
  assert.equal(kitchen.lane(now, "ready").length, 1);
});

test("a poll replaces all, but never by something older", () => {
  const { state } = play(kitchen, snapshot(3, order("1", "preparing", 2), order("2", "ordered", 1)));
  const polled = kitchen.applyPoll(state, [order("1", "ordered", 1)]);
  assert.equal(polled.orders.get("1").version, 2);
  assert.equal(kitchen.lane(polled, "ordered").length, 0, "2 is over, since the list lacks it");
});

test("the customer's positions may skip, their order's version may not go back", () => {
  const { state } = play(customer, snapshot(3, order("1", "ordered", 1)));
  const moved = customer.applyMessage(state, change(9, order("1", "ready", 3)));
  assert.equal(customer.only(moved.state).status, "ready");
  const late = customer.applyMessage(moved.state, change(10, order("1", "preparing", 2)));
  assert.equal(customer.only(late.state).status, "ready");
});

test("the lobby shows two states and takes off every other", () => {
  const entry = (number, status, since = "1") => ({ pickup_number: number, status, since });
  const { state } = play(display, snapshot(1, entry("001", "ready")), change(2, entry("002", "preparing")), change(3, entry("001", "served")));
  assert.deepEqual(display.half(state, "ready"), []);
  assert.deepEqual(display.half(state, "preparing").map((each) => each.pickup_number), ["002"]);
});

test("the newest ready number comes first and is marked for a minute", () => {
  const at = (second) => new Date(Date.UTC(2026, 10, 22, 9, 0, second)).toISOString();
  const entry = (number, second) => ({ pickup_number: number, status: "ready", since: at(second) });
  const { state } = play(display, snapshot(1, entry("001", 0), entry("002", 30)));
  assert.deepEqual(display.half(state, "ready").map((each) => each.pickup_number), ["002", "001"]);
  assert.equal(display.isNew(at(0), Date.parse(at(59))), true);
  assert.equal(display.isNew(at(0), Date.parse(at(60))), false);
});

test("the wait before the next attempt is anywhere below a bound that doubles up to fifteen seconds", () => {
  for (let attempt = 0; attempt < 12; attempt += 1) {
    assert.equal(waitBeforeRetry(attempt, () => 0), 0);
    assert.equal(waitBeforeRetry(attempt, () => 1), Math.min(MOST_MS, BASE_MS * 2 ** attempt));
  }
  assert.ok(waitBeforeRetry(0, () => 1, RESTARTED) <= 2 * BASE_MS);
});

test("old state is never called live", () => {
  const link = { socketLive: true, polled: false, freshAt: 0, staleSince: null, openedAt: 0 };
  assert.equal(describe(link, STALE_AFTER_MS).state, "live");
  assert.deepEqual(describe(link, STALE_AFTER_MS + 1), { state: "stale", since: 0, greyed: true });
  assert.equal(describe({ ...link, staleSince: 5 }, 10).state, "stale", "told so by the server, at once");
  assert.equal(describe({ ...link, socketLive: false }, 10).state, "reconnecting");
  assert.equal(describe({ ...link, socketLive: false, polled: true }, 10).state, "polling");
  assert.equal(describe({ ...link, socketLive: false, freshAt: null }, 10).state, "connecting");
});

test("the delay is measured by the server's clock, however wrong ours is", () => {
  const clock = createClock();
  assert.equal(clock.delay("2026-11-22T09:00:00.000Z", 0), null);
  const hour = 3_600_000;
  const real = Date.parse("2026-11-22T09:00:00.000Z");
  clock.hear("2026-11-22T09:00:00.000Z", real + hour);
  assert.equal(clock.delay("2026-11-22T09:00:01.000Z", real + hour + 1007), 7);
});

test("a cart adds up in whole cents, by today's menu", () => {
  const options = [{ id: "milk", choices: [{ id: "whole", price: 0 }, { id: "oat", price: 0.5 }] }];
  const menu = { items: [{ id: 1, price: 4.1, available: true, options }, { id: 2, price: 0.1, available: true, options: [] }] };
  let mine = cart.add(cart.empty, { id: 1, quantity: 3, options: [{ option: "milk", choice: "oat" }], notes: "" });
  mine = cart.add(mine, { id: 2, quantity: 3, options: [], notes: "" });
  assert.equal(cart.total(mine, menu), 3 * 460 + 30);
  assert.equal(cart.body(mine, menu, "Ana").total_price, 14.1);
  assert.equal(cart.setQuantity(mine, 2, 100).lines[1].quantity, cart.MOST_QUANTITY);
  assert.equal(cart.setQuantity(mine, 1, 0).lines.length, 1);
});

test("a cart that was sent stays as it is until there is an answer, or its owner lets it go", () => {
  let made = 0;
  const newKey = () => `key ${++made}`;
  const line = { id: 1, quantity: 1, options: [], notes: "" };
  const once = cart.sealed(cart.add(cart.empty, line), "body", newKey);
  assert.deepEqual(cart.sealed(once, "another body", newKey), once);
  assert.deepEqual(cart.add(once, line), once);
  assert.deepEqual(cart.setQuantity(once, 1, 5), once);
  assert.deepEqual(cart.replace(once, { ...line, line: 1, notes: "hot" }), once);
  const again = cart.sealed(cart.reopened(once), "another body", newKey);
  assert.deepEqual([again.key, again.sent], ["key 2", "another body"]);
});

test("from one number to forty, all fit", () => {
  for (let count = 1; count <= 40; count += 1) {
    const { columns, rows, size } = fit(count, 3, 1100, 800);
    assert.ok(columns * rows >= count);
    assert.ok(size > 40);
  }
});
