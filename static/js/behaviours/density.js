// The switch between compact and large tickets; this tablet remembers it.

import { recall, remember } from "../parts/remembered.js";
import { kitchen as words } from "../words.js";

export function start(button) {
  const draw = () => {
    const density = recall("density", "compact");
    document.body.dataset.density = density;
    button.textContent = density === "compact" ? words.large : words.compact;
  };
  button.addEventListener("click", () => {
    remember("density", document.body.dataset.density === "compact" ? "large" : "compact");
    draw();
    dispatchEvent(new Event("resize"));
  });
  draw();
}
