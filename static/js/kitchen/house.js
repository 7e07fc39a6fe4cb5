// The menu as the kitchen needs it: to know what is usual. Without one, nothing is taken for usual.

import { ask } from "../parts/ask.js";
import { byHouseStyle } from "../state/house-style.js";

const AGAIN_AFTER_MS = 10 * 60_000;
let menu = null;

export const split = (item) => byHouseStyle(item, menu);

export async function learnHouseStyle(redraw) {
  const answer = await ask("GET", "/api/menu");
  if (answer.ok && answer.body.items) {
    menu = answer.body;
    redraw();
  }
  setTimeout(() => learnHouseStyle(redraw), AGAIN_AFTER_MS);
}
