// The button that lets the page sound when the order is ready.

import { isOn, switchChime } from "../parts/chime.js";
import { order as words } from "../words.js";

export function start(button) {
  button.hidden = !("AudioContext" in globalThis);
  button.addEventListener("click", () => {
    switchChime(!isOn());
    button.setAttribute("aria-pressed", String(isOn()));
    button.lastElementChild.textContent = isOn() ? words.chimeOn : words.chimeOff;
  });
}
