// What the menu page's behaviours share: the menu as it is now, the cart, and a call when either changes.

import { moneyIn } from "../money.js";
import { recall, remember } from "../parts/remembered.js";
import { empty } from "../state/cart.js";

const listeners = new Set();

export const shop = {
  menu: null,
  cart: { ...empty, ...recall("cart", {}) },
  money: String,
};

// Calls `listener` now, where there is a menu, and at every change; returns what stops that.
export function onShop(listener) {
  listeners.add(listener);
  if (shop.menu) listener(shop);
  return () => listeners.delete(listener);
}

const notify = () => shop.menu && listeners.forEach((listener) => listener(shop));

export function setMenu(menu) {
  shop.menu = menu;
  shop.money = moneyIn(menu.currency);
  notify();
}

export function setCart(cart) {
  shop.cart = cart;
  remember("cart", cart);
  notify();
}

// another tab has changed the cart
addEventListener("storage", ({ key }) => {
  if (key !== "cafe.cart") return;
  shop.cart = { ...empty, ...recall("cart", {}) };
  notify();
});
