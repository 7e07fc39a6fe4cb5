// A cart, purely. Lines hold ids; prices are always the menu's. `names` are the names at the time of choosing, so that
// something that has left the menu can still be named.

import { cents } from "../money.js";

export const MOST_QUANTITY = 50;
export const MOST_LINES = 50;
export const empty = { key: null, sent: null, lines: [] };

// Sent, and not answered yet: it may have been made. Changed now, it would be another order.
export const isUnderWay = (cart) => cart.key !== null;
export const reopened = (cart) => ({ ...cart, key: null, sent: null });

const choicesOf = (line) => JSON.stringify(line.options.map(({ option, choice }) => [option, choice]).sort());
const same = (one, other) =>
  one.id === other.id && one.notes === other.notes && choicesOf(one) === choicesOf(other);

const twinOf = (cart, line) => cart.lines.find((each) => same(each, line));

// Why `line` cannot be added: "lines" or "quantity" where a limit is reached; null where it can.
export function limitReached(cart, line) {
  const twin = twinOf(cart, line);
  if (twin) return twin.quantity + line.quantity > MOST_QUANTITY ? "quantity" : null;
  if (line.quantity > MOST_QUANTITY) return "quantity";
  return cart.lines.length >= MOST_LINES ? "lines" : null;
}

// Adds all of `line`, or nothing where a limit is reached.
export function add(cart, line) {
  if (isUnderWay(cart) || limitReached(cart, line)) return cart;
  const twin = twinOf(cart, line);
  if (twin) return setQuantity(cart, twin.line, twin.quantity + line.quantity);
  const number = 1 + Math.max(0, ...cart.lines.map((each) => each.line));
  return { ...cart, lines: [...cart.lines, { ...line, line: number }] };
}

export function replace(cart, line) {
  if (isUnderWay(cart)) return cart;
  return { ...cart, lines: cart.lines.map((each) => (each.line === line.line ? line : each)) };
}

export function setQuantity(cart, number, quantity) {
  if (isUnderWay(cart)) return cart;
  if (quantity < 1) return { ...cart, lines: cart.lines.filter((each) => each.line !== number) };
  const limited = Math.min(MOST_QUANTITY, quantity);
  return { ...cart, lines: cart.lines.map((each) => (each.line === number ? { ...each, quantity: limited } : each)) };
}

export const count = (cart) => cart.lines.reduce((sum, line) => sum + line.quantity, 0);

// A line by the present menu: {line, item, choices, problems, unit and total in cents, orderable}. Nothing that is gone or
// sold out is replaced by something else: it is a problem, and the line cannot be ordered until its owner has chosen.
export function priced(line, menu) {
  const item = menu.items.find((each) => each.id === line.id) ?? null;
  if (!item) {
    return { line, item, choices: [], problems: [{ code: "item_gone" }], unit: 0, total: 0, orderable: false };
  }
  const choices = item.options
    .filter((option) => option.choices.length)
    .map((option) => ({ option, choice: option.choices.find((each) => each.id === wanted(line, option)) ?? null }));
  const problems = problemsOf(line, item, choices);
  const unit = choices.reduce((sum, { choice }) => sum + cents(choice?.price ?? 0), cents(item.price));
  return { line, item, choices, problems, unit, total: unit * line.quantity, orderable: problems.length === 0 };
}

const wanted = (line, option) => line.options.find((each) => each.option === option.id)?.choice;

export const isOffered = (choice) => choice.available !== false;

function problemsOf(line, item, choices) {
  const named = (option) => line.names?.choices?.[option] ?? String(line.options.find((each) => each.option === option)?.choice);
  const problems = item.available ? [] : [{ code: "item_sold_out" }];
  for (const { option, choice } of choices) {
    const instead = option.choices.filter(isOffered);
    if (!choice && wanted(line, option) === undefined) problems.push({ code: "choice_missing", option, instead });
    else if (!choice) problems.push({ code: "choice_gone", option, name: named(option.id), instead });
    else if (!isOffered(choice)) problems.push({ code: "choice_sold_out", option, name: choice.name, instead });
  }
  for (const { option } of line.options) {
    if (!item.options.some((each) => each.id === option)) {
      problems.push({ code: "option_gone", name: named(option), instead: [] });
    }
  }
  return problems;
}

// The names that go with a line's ids, as the menu has them now.
export function namesOf(line, menu) {
  const { item, choices } = priced(line, menu);
  const chosen = choices.filter(({ choice }) => choice).map(({ option, choice }) => [option.id, choice.name]);
  return { item: item?.name, choices: Object.fromEntries(chosen) };
}

export const total = (cart, menu) => cart.lines.reduce((sum, line) => sum + priced(line, menu).total, 0);

export function body(cart, menu, customerName) {
  return {
    customer_name: customerName,
    items: cart.lines.map((line) => ({
      id: line.id,
      quantity: line.quantity,
      options: line.options.map(({ option, choice }) => ({ option, choice })),
      notes: line.notes,
    })),
    total_price: total(cart, menu) / 100,
  };
}

// What is sent, and the key it is sent under: both stay as they are until there is an answer.
export function sealed(cart, bodyText, newKey) {
  return isUnderWay(cart) ? cart : { ...cart, key: newKey(), sent: bodyText };
}
