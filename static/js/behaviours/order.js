// Follows one order for its customer: where it is, what it is, and a way to cancel it in time.

import { copyOf, fill, reconcile, slot } from "../dom.js";
import { follow } from "../live.js";
import { cents, moneyIn } from "../money.js";
import { ask } from "../parts/ask.js";
import { ring } from "../parts/chime.js";
import { showConnection } from "../parts/connection-status.js";
import { optionNames } from "../state/all-day.js";
import * as source from "../state/order.js";
import { order as words, status as statusWords, timeOfDay } from "../words.js";

const PANES = ["ordered", "preparing", "ready"];

export function start(element) {
  const number = encodeURIComponent(element.dataset.orderNumber);
  const money = moneyIn(element.dataset.currency || "EUR");
  let before = null;

  const stream = follow({
    socketPath: `/ws/orders/${number}`,
    pollPath: `/api/orders/${number}`,
    source,
    show: showConnection,
    draw(state) {
      const order = source.only(state);
      if (!order) return;
      draw(element, order, money);
      if (before && before !== "ready" && order.status === "ready") ring();
      before = order.status;
    },
    refuse(status) {
      if (status !== 404) return false;
      document.querySelector("[data-gone]").hidden = false;
      element.hidden = true;
      return true;
    },
  });
  prepareCancel(element, number, stream);
  return stream.stop;
}

function draw(element, order, money) {
  element.dataset.status = order.status;
  document.title = words.title(order.pickup_number, statusWords[order.status]);
  const detail = words.detail[order.status];
  fill(element, {
    number: order.pickup_number,
    headline: words.headline[order.status],
    detail: typeof detail === "function" ? detail(order.pickup_number) : detail,
    customer: order.customer_name,
    total: money(cents(order.total_price)),
  });
  drawPanes(element, order);
  reconcile(element.querySelector("[data-lines]"), order.items.map((item, index) => ({ ...item, index })), {
    key: (item) => item.index,
    create: () => copyOf("order-line"),
    update: (node, item) =>
      fill(node, {
        quantity: `${item.quantity} ×`,
        name: item.name,
        options: optionNames(item).join(", "),
        notes: item.notes,
        price: money(cents(item.price) * item.quantity),
      }),
  });
  slot(element, "receipt").hidden = false;
  element.querySelector("[data-cancel]").hidden = order.status !== "ordered";
}

function drawPanes(element, order) {
  const reached = order.status === "served" ? PANES.length : PANES.indexOf(order.status);
  for (const [index, pane] of element.querySelectorAll("[data-pane]").entries()) {
    const at = order[`${pane.dataset.pane}_at`];
    pane.dataset.lit = order.status === "cancelled" ? "no" : index < reached ? "past" : index === reached ? "now" : "no";
    if (index === reached) pane.setAttribute("aria-current", "step");
    else pane.removeAttribute("aria-current");
    fill(pane, { time: at && index <= reached ? timeOfDay(new Date(at)) : "" });
  }
}

function prepareCancel(element, number, stream) {
  const sure = document.getElementById("sure");
  element.querySelector("[data-cancel]").addEventListener("click", () => sure.showModal());
  sure.querySelector("[data-yes]").addEventListener("click", async () => {
    sure.close();
    const answer = await ask("POST", `/api/orders/${number}/cancel`);
    if (answer.ok && answer.body.order_number) stream.learn((state) => source.applyPoll(state, answer.body));
    const trouble = answer.status === 409 ? words.cancelFailed : words.noAnswer;
    fill(element, { trouble: answer.ok ? "" : trouble });
  });
}
