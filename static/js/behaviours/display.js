// The lobby's board: numbers being prepared and numbers to be picked up, as large as they fit.

import { copyOf, fill, reconcile } from "../dom.js";
import { follow } from "../live.js";
import { showLink } from "../parts/link.js";
import * as source from "../state/display.js";
import { fit } from "../state/fit.js";

const PULSE_MS = 6000;

export function start(element) {
  const halves = [...element.querySelectorAll("[data-half]")];
  let shown = null; // the ready numbers of the last drawing; none at first, so that nothing pulses on arrival

  const stream = follow({ socketPath: "/ws/display", pollPath: "/api/display/orders", source, draw, show: showLink });

  function draw(state) {
    const ready = new Set(source.half(state, "ready").map((order) => order.pickup_number));
    const fresh = shown ? [...ready].filter((number) => !shown.has(number)) : [];
    for (const half of halves) drawHalf(half, source.half(state, half.dataset.half));
    for (const number of fresh) pulse(element.querySelector(`[data-half=ready] [data-key="${CSS.escape(number)}"]`));
    shown = ready;
  }

  addEventListener("resize", () => draw(stream.state()));
}

function drawHalf(half, orders) {
  const list = half.querySelector("ol");
  const numbers = orders.map((order) => order.pickup_number);
  half.toggleAttribute("data-empty", numbers.length === 0);
  reconcile(list, numbers, {
    key: (number) => number,
    create: (number) => fill(copyOf("number"), { number }),
  });
  const digits = Math.max(3, ...numbers.map((number) => number.length));
  const { columns, rows, size } = fit(Math.max(4, numbers.length), digits, list.clientWidth, list.clientHeight);
  list.style.setProperty("--columns", columns);
  list.style.setProperty("--rows", rows);
  list.style.setProperty("--size", `${Math.floor(size)}px`);
}

function pulse(node) {
  if (!node) return;
  node.toggleAttribute("data-new", true);
  setTimeout(() => node.removeAttribute("data-new"), PULSE_MS);
}
