// Placing the order: once, however often it is sent. The cart is emptied only when an order number is in hand.

import { fill } from "../dom.js";
import { ask } from "../parts/ask.js";
import { recall, remember } from "../parts/remembered.js";
import { refusal } from "../shop/refusal.js";
import { onShop, setCart, shop } from "../shop/shop.js";
import { body, empty, isUnderWay, priced, reopened, sealed, total } from "../state/cart.js";
import { outcome } from "../state/placing.js";
import { cart as words } from "../words.js";

const AGAIN_AFTER_MS = 1000;
const ATTEMPTS = 5;
const MOST_REMEMBERED = 5;

export function start(form) {
  const button = form.querySelector("[type=submit]");
  const name = form.elements.customer_name;
  const change = form.querySelector("[data-change]");
  let sending = false;
  name.value = recall("name", "");

  const draw = () => {
    if (!shop.menu) return;
    const unanswered = isUnderWay(shop.cart);
    const troubled = !unanswered && shop.cart.lines.some((line) => !priced(line, shop.menu).orderable);
    const place = unanswered ? words.again : words.place(shop.money(total(shop.cart, shop.menu)));
    button.textContent = sending ? words.sending : place;
    button.disabled = sending || troubled || shop.cart.lines.length === 0;
    name.readOnly = unanswered;
    form.toggleAttribute("data-sending", sending);
    change.hidden = sending || !unanswered;
    fill(form, { unanswered: change.hidden ? "" : words.unanswered, troubled: troubled ? words.troubled : "" });
  };
  const say = (problem) => fill(form, { problem });
  const leave = onShop(draw);
  name.addEventListener("input", () => {
    remember("name", name.value.trim());
    say("");
  });
  change.addEventListener("click", () => {
    say("");
    setCart(reopened(shop.cart));
  });

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (sending || button.disabled || !shop.menu) return;
    if (!name.value.trim()) {
      say(words.name);
      return name.focus();
    }
    sending = true;
    say("");
    draw();
    const answer = await send(name.value.trim());
    sending = false;
    if (answer && outcome(answer) === "placed") return leaveFor(answer.body);
    say(answer ? await refusal(answer) : words.offline);
    draw();
  });
  return leave;
}

// The answer; null where nothing was sent, because there is no connection.
async function send(customerName) {
  if (!isUnderWay(shop.cart) && !navigator.onLine && (await ask("GET", "/livez")).status === 0) return null;
  setCart(sealed(shop.cart, JSON.stringify(body(shop.cart, shop.menu, customerName)), newKey));
  const request = { headers: { "Idempotency-Key": shop.cart.key }, body: shop.cart.sent };
  for (let attempt = 1; ; attempt += 1) {
    const answer = await ask("POST", "/api/orders", request);
    if (outcome(answer) !== "unknown" || !navigator.onLine || attempt === ATTEMPTS) return answer;
    await new Promise((done) => setTimeout(done, AGAIN_AFTER_MS * attempt));
  }
}

// crypto.randomUUID is there on secure pages only, and a café's own network often has no certificate
function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function leaveFor(order) {
  const { order_number, pickup_number } = order;
  const orders = [{ order_number, pickup_number, at: Date.now() }, ...recall("orders", [])];
  remember("orders", orders.slice(0, MOST_REMEMBERED));
  setCart(empty);
  location.assign(`/orders/${encodeURIComponent(order_number)}`);
}
