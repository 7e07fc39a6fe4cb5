// Shows the state of the connection, and greys the page out when what it shows is old.

import { slot } from "../dom.js";
import { link as words, locale } from "../words.js";

const time = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });

export function showLink(link) {
  for (const element of document.querySelectorAll("[data-link]")) {
    element.dataset.state = link.state;
    const text = link.state === "stale" ? words.stale(time.format(link.since)) : words[link.state];
    const target = slot(element, "words");
    if (target.textContent !== text) target.textContent = text;
    slot(element, "delay").textContent = link.delayMs === null ? "" : `${link.delayMs} ms`;
  }
  document.body.toggleAttribute("data-stale", link.greyed);
}
