// One ticket: whose it is, what to make, how long they have waited, and the one large button.

import { copyOf, fill, reconcile, slot } from "../dom.js";
import { age, minutesAndSeconds } from "../state/ageing.js";
import { canCancel, canRecall, nextStep } from "../state/steps.js";
import { kitchen as words } from "../words.js";
import { split } from "./house.js";

export function createTicket(moves) {
  const node = copyOf("ticket");
  node.querySelector("[data-next]").addEventListener("click", () => moves.forward(node.order));
  node.querySelector("[data-back]").addEventListener("click", () => moves.recall(node.order));
  node.querySelector("[data-cancel]").addEventListener("click", () => moves.askToCancel(node.order));
  return node;
}

// `pending` is the status that a tap has asked for and nobody has confirmed
export function drawTicket(node, order, pending) {
  node.order = order;
  fill(node, { number: order.pickup_number, name: order.customer_name });
  reconcile(node.querySelector("[data-items]"), order.items.map((item, index) => ({ ...item, index })), {
    key: (item) => item.index,
    create: () => copyOf("ticket-item"),
    update: drawItem,
  });
  const elapsed = slot(node, "elapsed");
  elapsed.dataset.since = (order.status === "ready" ? order.ready_at : order.ordered_at) ?? order.created_at;
  drawButtons(node, order, pending);
}

function drawItem(line, item) {
  const { usual, unusual } = split(item);
  fill(line, {
    quantity: item.quantity,
    item: item.name,
    unusual: unusual.join(" · "),
    usual: usual.join(" · "),
    notes: item.notes,
  });
}

function drawButtons(node, order, pending) {
  const { status, pickup_number: number } = order;
  const next = node.querySelector("[data-next]");
  node.dataset.status = status;
  node.toggleAttribute("data-pending", Boolean(pending));
  next.textContent = pending ? words.doing[pending] : words.next[status];
  next.setAttribute("aria-label", pending ? words.doing[pending] : words.nextFor[status](number));
  next.setAttribute("aria-disabled", String(Boolean(pending)));
  next.hidden = !nextStep(status);
  const back = node.querySelector("[data-back]");
  const cancel = node.querySelector("[data-cancel]");
  back.hidden = !canRecall(status);
  cancel.hidden = !canCancel(status);
  back.disabled = cancel.disabled = Boolean(pending);
  back.setAttribute("aria-label", words.back(number));
  cancel.setAttribute("aria-label", words.cancel(number));
}

export function tickAll(now) {
  for (const elapsed of document.querySelectorAll("[data-since]")) {
    const waited = now - Date.parse(elapsed.dataset.since);
    const ticket = elapsed.closest("[data-status]");
    const state = ticket.dataset.status === "ready" ? "counter" : age(waited);
    elapsed.textContent = minutesAndSeconds(waited);
    if (ticket.dataset.age === state) continue;
    ticket.dataset.age = state;
    fill(ticket, { age: words.age[state] });
  }
}
