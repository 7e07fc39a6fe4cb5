// The menu as the kitchen needs it: to know which choices are the defaults. Without a menu, none is taken for one.

import { ask } from "../parts/ask.js";
import { splitByDefault } from "../state/default-choices.js";

const REFRESH_EVERY_MS = 10 * 60_000;
let menu = null;

export const split = (item) => splitByDefault(item, menu);

// Loads the menu, and again every ten minutes; returns what stops that.
export function loadMenuDefaults(redraw) {
  const load = async () => {
    const answer = await ask("GET", "/api/menu");
    if (!answer.ok || !answer.body.items) return;
    menu = answer.body;
    redraw();
  };
  load();
  const refreshing = setInterval(load, REFRESH_EVERY_MS);
  return () => clearInterval(refreshing);
}
