// Short messages; one may offer a way back for as long as it is there. The region says with data-most how many it has room for.

import { copyOf, fill, slot } from "../dom.js";

export function toast(text, { action, label, seconds = 6, tone = "plain" } = {}) {
  const region = document.querySelector("[data-toasts]");
  const node = fill(copyOf("toast"), { text });
  const button = slot(node, "action");
  const leave = () => node.remove();
  node.dataset.tone = tone;
  button.hidden = !action;
  if (action) {
    button.textContent = label;
    button.addEventListener("click", () => {
      leave();
      action();
    });
  }
  region.append(node);
  while (region.children.length > Number(region.dataset.most)) region.firstElementChild.remove();
  setTimeout(leave, seconds * 1000);
  return leave;
}
