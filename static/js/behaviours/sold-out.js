// The panel in which the kitchen marks an item sold out, or back; live while it is open, because another tablet may do it too.

import { copyOf, fill, reconcile, slot } from "../dom.js";
import { follow } from "../live.js";
import { ask } from "../parts/ask.js";
import * as source from "../state/menu.js";
import { kitchen as words } from "../words.js";

export function start(dialog) {
  const list = dialog.querySelector("[data-items]");
  const search = dialog.querySelector("input[type=search]");
  const opener = document.querySelector("[data-open-sold-out]");
  let stream = null;

  const draw = ({ menu }) => {
    if (!menu) return;
    const sought = search.value.trim().toLowerCase();
    const items = menu.items.filter((item) => item.name.toLowerCase().includes(sought));
    reconcile(list, items, { key: (item) => item.id, create, update });
  };

  function create() {
    const node = copyOf("switch");
    node.querySelector("button").addEventListener("click", () => flip(node.item));
    return node;
  }

  function update(node, item) {
    node.item = item;
    fill(node, { name: item.name, state: item.available ? words.available : words.soldOut });
    node.querySelector("button").setAttribute("aria-checked", String(item.available));
    slot(node, "name").id = `switch-${item.id}`;
    node.querySelector("button").setAttribute("aria-labelledby", `switch-${item.id}`);
  }

  async function flip(item) {
    const answer = await ask("PATCH", `/api/menu/${item.id}`, { body: { available: !item.available } });
    fill(dialog, { problem: answer.ok ? "" : words.switchFailed(item.name) });
    if (!answer.ok) return;
    stream?.learn((state) => {
      const items = state.menu.items.map((each) => (each.id === item.id ? { ...each, available: !item.available } : each));
      return { ...state, menu: { ...state.menu, items } };
    });
  }

  const open = () => {
    fill(dialog, { problem: "" });
    stream ??= follow({ socketPath: "/ws/menu", pollPath: "/api/menu", source, draw, askFirst: true });
    dialog.showModal();
  };
  const close = () => {
    stream?.stop();
    stream = null;
  };
  opener.addEventListener("click", open);
  dialog.addEventListener("close", close);
  search.addEventListener("input", () => stream && draw(stream.state()));
  return () => {
    close();
    opener.removeEventListener("click", open);
  };
}
