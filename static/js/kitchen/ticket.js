// One ticket: whose it is, what to make, how long they have waited, and the one large button.

import { copyOf, fill, reconcile, slot } from "../dom.js";
import { age, waited } from "../state/ageing.js";
import { waitingSince } from "../state/kitchen.js";
import { canCancel, canRecall, nextStep } from "../state/steps.js";
import { kitchen as words } from "../words.js";
import { split } from "./menu-defaults.js";
import { isSettled } from "./settling.js";

export function createTicket(actions) {
  const node = copyOf("ticket");
  const does = { next: actions.forward, back: actions.recall, cancel: actions.askToCancel };
  for (const [name, act] of Object.entries(does)) {
    node.querySelector(`[data-${name}]`).addEventListener("click", () => isSettled(node) && act(node.order));
  }
  node.querySelector("[data-acknowledge]").addEventListener("click", () => isSettled(node) && actions.acknowledge(node.dataset.key));
  return node;
}

// `pending` is the status that a tap has asked for and nobody has confirmed
export function drawTicket(node, order, pending) {
  drawContent(node, order);
  drawButtons(node, order, pending);
}

// A ticket that no longer holds: struck through, to be taken away.
export function drawWithdrawn(node, { order, reason }) {
  if (node.dataset.withdrawn === reason) return;
  drawContent(node, order);
  node.dataset.withdrawn = reason;
  for (const name of ["next", "back", "cancel"]) node.querySelector(`[data-${name}]`).hidden = true;
  fill(node, { reason: words.withdrawn[reason] });
  const button = node.querySelector("[data-acknowledge]");
  button.hidden = false;
  button.setAttribute("aria-label", words.acknowledgeFor(order.pickup_number));
}

function drawContent(node, order) {
  node.order = order;
  node.dataset.status = order.status;
  fill(node, { number: order.pickup_number, name: order.customer_name });
  reconcile(node.querySelector("[data-items]"), order.items.map((item, index) => ({ ...item, index })), {
    key: (item) => item.index,
    create: () => copyOf("ticket-item"),
    update: drawItem,
  });
  slot(node, "elapsed").dataset.since = waitingSince(order);
}

// the default choices need no mention
function drawItem(line, item) {
  const { unusual } = split(item);
  fill(line, { quantity: item.quantity, item: item.name, unusual: unusual.join(" · "), notes: item.notes });
}

function drawButtons(node, order, pending) {
  const { status, pickup_number: number } = order;
  const next = node.querySelector("[data-next]");
  const back = node.querySelector("[data-back]");
  const cancel = node.querySelector("[data-cancel]");
  node.toggleAttribute("data-pending", Boolean(pending));
  next.textContent = pending ? words.doing[pending] : words.next[status];
  next.setAttribute("aria-label", pending ? words.doing[pending] : words.nextFor[status](number));
  next.hidden = !nextStep(status);
  back.hidden = !canRecall(status);
  cancel.hidden = !canCancel(status);
  for (const button of [next, back, cancel]) {
    button.setAttribute("aria-disabled", String(Boolean(pending) || !isSettled(node)));
  }
  back.disabled = cancel.disabled = Boolean(pending);
  back.setAttribute("aria-label", words.back(number));
  cancel.setAttribute("aria-label", words.cancel(number));
}

// Brings the times within `element` up to `now`, in ms since the epoch.
export function tick(element, now) {
  for (const elapsed of element.querySelectorAll("[data-since]")) {
    const waitedMs = now - Date.parse(elapsed.dataset.since);
    const ticket = elapsed.closest("[data-status]");
    const state = age(waitedMs);
    elapsed.textContent = waited(waitedMs);
    if (ticket.dataset.age === state) continue;
    ticket.dataset.age = state;
    fill(ticket, { age: words.age[state] });
  }
}
