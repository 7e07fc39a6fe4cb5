// Why an order was not taken, in words that help; the menu is asked for again where ours was old.

import { ask } from "../parts/ask.js";
import { reopened, total } from "../state/cart.js";
import { outcome } from "../state/placing.js";
import { cart as words } from "../words.js";
import { setCart, setMenu, shop } from "./shop.js";

export async function refusal(answer) {
  if (outcome(answer) === "unknown") return ""; // it stays under way, and the form says so
  const { status, body, retryAfter } = answer;
  setCart(reopened(shop.cart)); // answered: the next try is another request
  if (body.code === "price_changed") {
    await askForMenu();
    return words.priceChanged(shop.money(total(shop.cart, shop.menu)));
  }
  if (body.code === "sold_out" || body.code === "unknown_item") {
    await askForMenu();
    return body.code === "sold_out" ? words.soldOut(body.name) : words.invalid(body.detail);
  }
  if (status === 429) return words.tooMany(retryAfter || 10);
  return words.invalid(body.detail);
}

async function askForMenu() {
  const answer = await ask("GET", "/api/menu");
  if (answer.ok && answer.body.items) setMenu(answer.body); // else the live menu will bring it
}
