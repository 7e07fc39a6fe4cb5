// A wall clock.

import { timeOfDay } from "../words.js";

const TICK_MS = 1000;

export function start(element) {
  const tick = () => {
    const time = timeOfDay(new Date());
    if (element.textContent !== time) element.textContent = time;
  };
  tick();
  const ticking = setInterval(tick, TICK_MS);
  return () => clearInterval(ticking);
}
