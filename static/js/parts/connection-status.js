// Shows the state of the connection, and greys the page out when what it shows is old.

import { slot } from "../dom.js";
import { connection as words, timeWithSeconds } from "../words.js";

const WORTH_SAYING_MS = 1000;

export function showConnection(connection) {
  for (const element of document.querySelectorAll("[data-connection]")) {
    element.dataset.state = connection.state;
    const text = connection.state === "stale" ? words.stale(timeWithSeconds(connection.since)) : words[connection.state];
    const target = slot(element, "words");
    if (target.textContent !== text) target.textContent = text;
    slot(element, "delay").textContent = connection.delayMs >= WORTH_SAYING_MS ? words.behind(connection.delayMs / 1000) : "";
  }
  document.body.toggleAttribute("data-stale", connection.greyed);
}
