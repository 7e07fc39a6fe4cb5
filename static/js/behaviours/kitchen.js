// The kitchen's board: three lanes of tickets, each moved on by one tap.

import { reconcile, slot } from "../dom.js";
import { allDay } from "../state/all-day.js";
import { follow } from "../live.js";
import { showLink } from "../parts/link.js";
import { createTicket, drawTicket, tickAll } from "../kitchen/ticket.js";
import { drawAllDay, drawServed } from "../kitchen/strips.js";
import { learnHouseStyle, split } from "../kitchen/house.js";
import { createMoves } from "../kitchen/moves.js";
import * as source from "../state/kitchen.js";

const MOST_SERVED = 8;

export function start(element) {
  const moves = createMoves({ learn: (order) => stream.learn((state) => source.applyAnswer(state, order)), redraw });
  const stream = follow({
    socketPath: "/ws/kitchen",
    pollPath: "/api/kitchen/orders",
    source,
    draw: redraw,
    show: showLink,
    refuse(status) {
      if (status !== 401 && status !== 403) return false;
      location.assign("/sign-in?next=/kitchen");
      return true;
    },
  });

  function redraw() {
    const state = stream.state();
    const focused = document.activeElement?.closest("[data-lane]");
    for (const lane of element.querySelectorAll("[data-lane]")) drawLane(state, lane, moves);
    const toMake = ["ordered", "preparing"].flatMap((status) => source.lane(state, status));
    drawAllDay(element, allDay(toMake, (item) => split(item).unusual));
    drawServed(element, source.lastServed(state, MOST_SERVED), moves);
    tickAll(stream.now());
    if (focused && document.activeElement === document.body) focused.querySelector("[data-next]")?.focus();
  }

  learnHouseStyle(redraw);
  setInterval(() => tickAll(stream.now()), 1000);
}

function drawLane(state, lane, moves) {
  const orders = source.lane(state, lane.dataset.lane);
  const count = slot(lane, "count");
  if (count.textContent !== String(orders.length)) count.textContent = orders.length;
  lane.toggleAttribute("data-empty", orders.length === 0);
  reconcile(lane.querySelector("[data-tickets]"), orders, {
    key: (order) => order.order_number,
    create: () => createTicket(moves),
    update: (node, order) => drawTicket(node, order, moves.pending(order)),
  });
}
