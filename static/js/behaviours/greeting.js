// Says good morning in the morning.

import { greeting } from "../words.js";

export function start(element) {
  const hour = new Date().getHours();
  element.textContent = hour < 12 ? greeting.morning : hour < 18 ? greeting.afternoon : greeting.evening;
}
