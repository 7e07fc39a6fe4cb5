// The panel in which the kitchen marks an item sold out, or back; live, because another tablet may do it too.

import { copyOf, fill, reconcile, slot } from "../dom.js";
import { follow } from "../live.js";
import { ask } from "../parts/ask.js";
import { toast } from "../parts/toast.js";
import * as source from "../state/menu.js";
import { kitchen as words } from "../words.js";

export function start(dialog) {
  const list = dialog.querySelector("[data-items]");
  const search = dialog.querySelector("input[type=search]");
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
    if (!answer.ok) return toast(words.switchFailed(item.name), { tone: "trouble" });
    stream.learn((state) => {
      const items = state.menu.items.map((each) => (each.id === item.id ? { ...each, available: !item.available } : each));
      return { ...state, menu: { ...state.menu, items } };
    });
  }

  document.querySelector("[data-open-sold-out]").addEventListener("click", () => {
    stream ??= follow({ socketPath: "/ws/menu", pollPath: "/api/menu", source, draw, askFirst: true });
    dialog.showModal();
  });
  search.addEventListener("input", () => stream && draw(stream.state()));
}
