// The cart, when the menu changes under it and at its limits.

import assert from "node:assert/strict";
import { test } from "node:test";

import { cents } from "../../static/js/money.js";
import * as cart from "../../static/js/state/cart.js";
import { isOrderNumber, outcome } from "../../static/js/state/placing.js";
import { cart as words } from "../../static/js/words.js";

const MILK = { id: "milk", name: "Milk", choices: [{ id: "whole", name: "Whole milk", price: 0 }, { id: "oat", name: "Oat drink", price: 0.5 }] };
const menuWith = (...options) => ({ items: [{ id: 2, name: "Latte", price: 4, available: true, options }] });
const OAT = { id: 2, quantity: 1, options: [{ option: "milk", choice: "oat" }], notes: "", names: { item: "Latte", choices: { milk: "Oat drink" } } };
const said = (line, menu) => cart.priced(line, menu).problems.map(words.problem).join(" ");

test("a choice that is gone is never replaced: the line is blocked and says what is gone and what there is", () => {
  const menu = menuWith({ ...MILK, choices: [MILK.choices[0]] });
  const line = cart.priced(OAT, menu);
  assert.equal(line.orderable, false);
  assert.equal(line.choices[0].choice, null);
  assert.match(said(OAT, menu), /Oat drink \(Milk\) is no longer available.*Whole milk/);
  assert.deepEqual(cart.body(cart.add(cart.empty, OAT), menu, "Ana").items[0].options, OAT.options);
});

test("a choice that is sold out blocks the line and is not among what is offered instead", () => {
  const menu = menuWith({ ...MILK, choices: [MILK.choices[0], { ...MILK.choices[1], available: false }] });
  const [problem] = cart.priced(OAT, menu).problems;
  assert.equal(problem.code, "choice_sold_out");
  assert.deepEqual(problem.instead.map(({ id }) => id), ["whole"]);
});

test("an option that is gone, and one that is new, block the line too", () => {
  assert.deepEqual(cart.priced(OAT, menuWith()).problems.map(({ code }) => code), ["option_gone"]);
  assert.match(said(OAT, menuWith()), /Oat drink/);
  const size = { id: "size", name: "Size", choices: [{ id: "small", name: "Small", price: 0 }] };
  assert.deepEqual(cart.priced(OAT, menuWith(MILK, size)).problems.map(({ code }) => code), ["choice_missing"]);
  assert.equal(cart.priced(OAT, menuWith(MILK)).orderable, true);
});

test("an item that is gone is named as it was", () => {
  assert.deepEqual(cart.priced(OAT, { items: [] }).problems, [{ code: "item_gone" }]);
  assert.deepEqual(cart.namesOf(OAT, menuWith(MILK)), { item: "Latte", choices: { milk: "Oat drink" } });
});

test("the 51st unit and the 51st line are refused whole, and the reason is known", () => {
  const fifty = cart.add(cart.empty, { ...OAT, quantity: 48 });
  assert.equal(cart.limitReached(fifty, { ...OAT, quantity: 3 }), "quantity");
  assert.equal(cart.add(fifty, { ...OAT, quantity: 3 }), fifty);
  assert.equal(cart.limitReached(fifty, { ...OAT, quantity: 2 }), null);
  let full = cart.empty;
  for (let note = 0; note < cart.MOST_LINES; note += 1) full = cart.add(full, { ...OAT, notes: String(note) });
  assert.equal(cart.limitReached(full, { ...OAT, notes: "more" }), "lines");
  assert.equal(cart.add(full, { ...OAT, notes: "more" }).lines.length, cart.MOST_LINES);
});

test("cents are rounded as decimals are", () => {
  assert.deepEqual([4.155, 1.005, 0.1 + 0.2, "3.90", -0.5].map(cents), [416, 101, 30, 390, -50]);
});

test("only an order number is an order", () => {
  assert.ok(isOrderNumber("042-7KQX3M9P2D4RT6VW"));
  for (const text of [undefined, "", "undefined", "042", "042-7KQX", "042-7KQX3M9P2D4RT6VWXX", 42]) assert.ok(!isOrderNumber(text));
  assert.equal(outcome({ ok: true, status: 201, body: { order_number: "042-7KQX3M9P2D4RT6VW" } }), "placed");
  assert.equal(outcome({ ok: true, status: 200, body: {} }), "unknown");
  assert.equal(outcome({ ok: false, status: 0, body: {} }), "unknown");
  assert.equal(outcome({ ok: false, status: 504, body: { code: "outcome_unknown" } }), "unknown");
  assert.equal(outcome({ ok: false, status: 409, body: { code: "idempotency_in_progress" } }), "unknown");
  assert.equal(outcome({ ok: false, status: 409, body: { code: "sold_out" } }), "refused");
});
