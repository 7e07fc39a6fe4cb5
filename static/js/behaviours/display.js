// The lobby's board: numbers being prepared and numbers to be picked up, as large as they fit. The newest ready number comes
// first and is marked for a minute.

import { copyOf, fill, reconcile } from "../dom.js";
import { follow } from "../live.js";
import { showConnection } from "../parts/connection-status.js";
import * as source from "../state/display.js";
import { fit } from "../state/fit.js";

const TICK_MS = 1000;
const SMALLER = 0.7; // what is being prepared never looks more important than what is ready

export function start(element) {
  const [ready, preparing] = ["ready", "preparing"].map((status) => element.querySelector(`[data-half=${status}]`));
  const stream = follow({
    socketPath: "/ws/display",
    pollPath: "/api/display/orders",
    source,
    draw: redraw,
    show: showConnection,
  });

  function redraw() {
    const size = drawHalf(ready, source.half(stream.state(), "ready"));
    drawHalf(preparing, source.half(stream.state(), "preparing"), size * SMALLER);
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

// Draws the numbers as large as there is room for, but no larger than `most` (px); returns their size.
function drawHalf(half, orders, most = Infinity) {
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
  const shown = Math.floor(Math.min(size, most));
  list.style.setProperty("--size", `${shown}px`);
  return shown;
}
