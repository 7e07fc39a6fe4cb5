// The menu by category, live.

import { follow } from "../live.js";
import { showConnection } from "../parts/connection-status.js";
import { setMenu } from "../shop/shop.js";
import { drawMenu } from "../shop/listing.js";
import { openSheet } from "../shop/sheet.js";
import * as source from "../state/menu.js";
import { menu as words } from "../words.js";

export function start(element) {
  const stream = follow({
    socketPath: "/ws/menu",
    pollPath: "/api/menu",
    source,
    askFirst: true,
    draw({ menu }) {
      if (!menu) return;
      setMenu(menu);
      drawMenu(element, menu);
    },
    show(connection) {
      showConnection(connection);
      const missing = element.querySelector("[data-missing]");
      if (missing && connection.state !== "connecting" && connection.state !== "live") missing.textContent = words.unavailable;
    },
  });
  element.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-item]");
    if (button) openSheet(Number(button.dataset.item));
  });
  return stream.stop;
}
