// A cart, purely. Lines hold ids only: names and prices are the menu's, so they are never old.

import { cents } from "../money.js";

export const MOST_QUANTITY = 50;
export const MOST_LINES = 50;
export const empty = { key: null, sent: null, lines: [] };

// Sent, and not answered yet: it may have been made. Changed now, it would be another order.
export const isUnderWay = (cart) => cart.key !== null;
export const reopened = (cart) => ({ ...cart, key: null, sent: null });

const same = (one, other) =>
  one.id === other.id && one.notes === other.notes && JSON.stringify(one.options) === JSON.stringify(other.options);

export function add(cart, line) {
  if (isUnderWay(cart)) return cart;
  const twin = cart.lines.find((each) => same(each, line));
  if (twin) return setQuantity(cart, twin.line, twin.quantity + line.quantity);
  if (cart.lines.length >= MOST_LINES) return cart;
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

// A line by the present menu: {line, item, choices, unit and total in cents, orderable}
export function priced(line, menu) {
  const item = menu.items.find((each) => each.id === line.id);
  if (!item) return { line, item: null, choices: [], unit: 0, total: 0, orderable: false };
  const choices = item.options.map((option) => {
    const wanted = line.options.find((each) => each.option === option.id)?.choice;
    return { option, choice: option.choices.find((each) => each.id === wanted) ?? option.choices[0] };
  });
  const unit = choices.reduce((sum, { choice }) => sum + cents(choice.price), cents(item.price));
  return { line, item, choices, unit, total: unit * line.quantity, orderable: item.available };
}

export const total = (cart, menu) => cart.lines.reduce((sum, line) => sum + priced(line, menu).total, 0);

export function body(cart, menu, customerName) {
  return {
    customer_name: customerName,
    items: cart.lines.map((line) => ({
      id: line.id,
      quantity: line.quantity,
      options: priced(line, menu).choices.map(({ option, choice }) => ({ option: option.id, choice: choice.id })),
      notes: line.notes,
    })),
    total_price: total(cart, menu) / 100,
  };
}

// What is sent, and the key it is sent under: both stay as they are until there is an answer.
export function sealed(cart, bodyText, newKey) {
  return isUnderWay(cart) ? cart : { ...cart, key: newKey(), sent: bodyText };
}
