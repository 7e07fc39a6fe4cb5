// What the kitchen's screen works out for itself.

import assert from "node:assert/strict";
import { test } from "node:test";

import { age, minutesAndSeconds } from "../../static/js/state/ageing.js";
import { allDay } from "../../static/js/state/all-day.js";
import { byHouseStyle } from "../../static/js/state/house-style.js";
import { canCancel, canRecall, leadsTo, nextStep, undoing } from "../../static/js/state/steps.js";

const MILK = { id: "milk", name: "Milk", choices: [{ id: "whole" }, { id: "oat" }] };
const MENU = { items: [{ id: 2, options: [MILK] }] };
const latte = (choice, quantity = 1) => ({
  id: 2,
  name: "Latte",
  quantity,
  options: [{ option: "milk", choice, choice_name: choice === "oat" ? "Oat drink" : "Whole milk" }],
});

test("five minutes are slow and ten are late, and an hour still reads as minutes", () => {
  assert.deepEqual([0, 299_999, 300_000, 599_999, 600_000].map(age), ["fresh", "fresh", "slow", "slow", "late"]);
  assert.equal(minutesAndSeconds(3_661_000), "61:01");
  assert.equal(minutesAndSeconds(-5), "00:00");
});

test("what differs from the house's way stands apart from what does not", () => {
  assert.deepEqual(byHouseStyle(latte("oat"), MENU), { usual: [], unusual: ["Oat drink"] });
  assert.deepEqual(byHouseStyle(latte("whole"), MENU), { usual: ["Whole milk"], unusual: [] });
  assert.deepEqual(byHouseStyle(latte("whole"), null).unusual, ["Whole milk"], "without a menu nothing is usual");
});

test("the all-day count adds up what is made alike, most first", () => {
  const orders = [{ items: [latte("whole"), latte("oat", 2)] }, { items: [latte("whole", 4)] }];
  const lines = allDay(orders, (item) => byHouseStyle(item, MENU).unusual);
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
