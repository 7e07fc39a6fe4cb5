// The kitchen's board: three lanes of tickets, each moved on by one tap.

import { drawLane, prepareLane } from "../kitchen/lanes.js";
import { loadMenuDefaults, split } from "../kitchen/menu-defaults.js";
import { createOrderActions } from "../kitchen/order-actions.js";
import { hold } from "../kitchen/settling.js";
import { drawAllDay, drawServed, prepareAllDay } from "../kitchen/strips.js";
import { tick } from "../kitchen/ticket.js";
import { follow } from "../live.js";
import { ask } from "../parts/ask.js";
import { showConnection } from "../parts/connection-status.js";
import { allDay } from "../state/all-day.js";
import * as source from "../state/kitchen.js";
import { acknowledge, none, withdraw } from "../state/withdrawn.js";

const MOST_SERVED = 20;
const TICK_MS = 1000;

export function start(element) {
  const lanes = [...element.querySelectorAll("[data-lane]")];
  const prepared = lanes.map(prepareLane);
  let withdrawn = none;
  let known = source.atFirst.orders;
  const asked = new Set(); // orders of which we have asked how they ended

  const actions = createOrderActions({
    learn: (order) => stream.learn((state) => source.applyAnswer(state, order)),
    redraw,
    acknowledge(key) {
      withdrawn = acknowledge(withdrawn, key);
      redraw();
    },
  });
  const stream = follow({
    socketPath: "/ws/kitchen",
    pollPath: "/api/kitchen/orders",
    source,
    draw: redraw,
    show: showConnection,
    refuse(status) {
      if (status !== 401 && status !== 403) return false;
      location.assign("/sign-in?next=/kitchen");
      return true;
    },
  });

  function redraw() {
    const state = stream.state();
    withdrawn = withdraw(withdrawn, known, state.orders, actions.isOwnCancellation);
    known = state.orders;
    const focused = document.activeElement?.closest("[data-lane]");
    for (const lane of lanes) drawLane(lane, state, withdrawn, actions, stream.now());
    const toMake = ["ordered", "preparing"].flatMap((status) => source.lane(state, status));
    drawAllDay(element, allDay(toMake, (item) => split(item).unusual));
    drawServed(element, source.lastServed(state, MOST_SERVED), actions);
    if (focused && document.activeElement === document.body) focusNext(focused);
    for (const order of source.gone(state)) askHowItEnded(order.order_number);
  }

  async function askHowItEnded(number) {
    if (asked.has(number)) return;
    asked.add(number);
    const answer = await ask("GET", `/api/orders/${encodeURIComponent(number)}`);
    if (answer.ok) stream.learn((state) => source.applyAnswer(state, answer.body));
    else asked.delete(number);
  }

  // a key that is held down acts once
  const refuseRepeats = (event) => event.repeat && ["Enter", " "].includes(event.key) && event.preventDefault();
  element.addEventListener("keydown", refuseRepeats);
  prepareAllDay(element);
  const ticking = setInterval(() => tick(element, stream.now()), TICK_MS);
  const stops = [...prepared, loadMenuDefaults(redraw), stream.stop, () => clearInterval(ticking)];
  return () => stops.forEach((stop) => stop());
}

// The focus goes to the lane's next ticket, which does not act for a moment: Enter pressed twice is one step.
function focusNext(lane) {
  const next = lane.querySelector("[data-next]:not([hidden])");
  if (!next) return;
  hold(next.closest("[data-key]"));
  next.focus();
}
