// What the kitchen's screen works out for itself.

import assert from "node:assert/strict";
import { test } from "node:test";

import { age, waited } from "../../static/js/state/ageing.js";
import { allDay } from "../../static/js/state/all-day.js";
import { splitByDefault } from "../../static/js/state/default-choices.js";
import { acknowledge, inLane, none, withdraw } from "../../static/js/state/withdrawn.js";
import { canCancel, canRecall, leadsTo, nextStep, undoing } from "../../static/js/state/steps.js";

const MILK = { id: "milk", name: "Milk", choices: [{ id: "whole" }, { id: "oat" }] };
const MENU = { items: [{ id: 2, options: [MILK] }] };
const latte = (choice, quantity = 1) => ({
  id: 2,
  name: "Latte",
  quantity,
  options: [{ option: "milk", choice, choice_name: choice === "oat" ? "Oat drink" : "Whole milk" }],
});

test("five minutes are slow and ten are late, and from an hour on minutes are told in hours", () => {
  assert.deepEqual([0, 299_999, 300_000, 599_999, 600_000].map(age), ["fresh", "fresh", "slow", "slow", "late"]);
  assert.equal(waited(3_661_000), "1 h 01");
  assert.equal(waited(-5), "00:00");
  assert.equal(waited(50_503_000), "14 h 01");
});

test("choices that differ from the default stand apart from those that do not", () => {
  assert.deepEqual(splitByDefault(latte("oat"), MENU), { usual: [], unusual: ["Oat drink"] });
  assert.deepEqual(splitByDefault(latte("whole"), MENU), { usual: ["Whole milk"], unusual: [] });
  assert.deepEqual(splitByDefault(latte("whole"), null).unusual, ["Whole milk"], "without a menu nothing is usual");
});

test("the all-day count adds up what is made alike, most first", () => {
  const orders = [{ items: [latte("whole"), latte("oat", 2)] }, { items: [latte("whole", 4)] }];
  const lines = allDay(orders, (item) => splitByDefault(item, MENU).unusual);
  assert.deepEqual(lines.map(({ quantity, options }) => [quantity, options]), [[5, ""], [2, "Oat drink"]]);
});

test("every tap but a cancellation has a way back", () => {
  for (const status of ["ordered", "preparing", "ready"]) {
    const step = nextStep(status);
    const after = leadsTo(step, status);
    assert.equal(leadsTo(undoing(step, after), after), status);
  }
  assert.equal(undoing("recall", "preparing"), "ready");
  assert.equal(undoing("cancel", "cancelled"), undefined);
  assert.deepEqual(["ordered", "ready"].map(canCancel), [true, false]);
  assert.deepEqual(["ordered", "served"].map(canRecall), [false, true]);
});

const ORDER = { order_number: "1", id: 1, version: 1, status: "preparing", customer_name: "Ana", items: [latte("oat")] };
const orders = (...list) => new Map(list.map((order) => [order.order_number, order]));
const withdrawnAfter = (before, after, isOwn) => [...withdraw(none, orders(before), orders(after), isOwn).values()];

test("a cancelled ticket stays in its lane until it is acknowledged", () => {
  const withdrawn = withdraw(none, orders(ORDER), orders({ ...ORDER, version: 2, status: "cancelled" }));
  const [{ key, order, reason }] = inLane(withdrawn, "preparing");
  assert.deepEqual([order, reason], [ORDER, "cancelled"]);
  assert.equal(acknowledge(withdrawn, key).size, 0);
});

test("a ticket whose content changed stays beside the new one, one that only moved does not", () => {
  assert.equal(withdrawnAfter(ORDER, { ...ORDER, version: 2, items: [latte("whole")] })[0].reason, "changed");
  assert.deepEqual(withdrawnAfter(ORDER, { ...ORDER, version: 2, status: "ready" }), []);
});

test("what this tablet cancelled itself needs no acknowledgement, what a poll lost and was cancelled does", () => {
  const cancelled = { ...ORDER, version: 2, status: "cancelled" };
  assert.deepEqual(withdrawnAfter(ORDER, cancelled, () => true), []);
  assert.equal(withdrawnAfter({ ...ORDER, status: "gone", was: "ordered" }, cancelled)[0].order.status, "ordered");
});
