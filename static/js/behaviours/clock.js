// A wall clock.

import { locale } from "../words.js";

export function start(element) {
  const format = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hour12: false });
  const tick = () => {
    const time = format.format(new Date());
    if (element.textContent !== time) element.textContent = time;
  };
  tick();
  setInterval(tick, 1000);
}
