// The lobby's board: numbers being prepared and numbers to be picked up, as large as they fit. The newest ready number comes
// first and is marked for a minute.

import { copyOf, fill, reconcile } from "../dom.js";
import { follow } from "../live.js";
import { showConnection } from "../parts/connection-status.js";
import * as source from "../state/display.js";
import { fit } from "../state/fit.js";

const TICK_MS = 1000;

export function start(element) {
  const halves = [...element.querySelectorAll("[data-half]")];
  const stream = follow({
    socketPath: "/ws/display",
    pollPath: "/api/display/orders",
    source,
    draw: redraw,
    show: showConnection,
  });

  function redraw() {
    for (const half of halves) drawHalf(half, source.half(stream.state(), half.dataset.half));
    mark();
  }

  function mark() {
    for (const node of element.querySelectorAll("[data-since]")) {
      node.toggleAttribute("data-new", source.isNew(node.dataset.since, stream.now()));
    }
  }

  addEventListener("resize", redraw);
  const ticking = setInterval(mark, TICK_MS);
  return () => {
    removeEventListener("resize", redraw);
    clearInterval(ticking);
    stream.stop();
  };
}

function drawHalf(half, orders) {
  const list = half.querySelector("ol");
  half.toggleAttribute("data-empty", orders.length === 0);
  reconcile(list, orders, {
    key: (order) => order.pickup_number,
    create: (order) => fill(copyOf("number"), { number: order.pickup_number }),
    update(node, order) {
      if (order.status === "ready") node.dataset.since = order.since;
    },
  });
  const digits = Math.max(3, ...orders.map((order) => order.pickup_number.length));
  const { columns, rows, size } = fit(Math.max(4, orders.length), digits, list.clientWidth, list.clientHeight);
  list.style.setProperty("--columns", columns);
  list.style.setProperty("--rows", rows);
  list.style.setProperty("--size", `${Math.floor(size)}px`);
}
