// The menu: whole by asking, its items live.

export const atFirst = { epoch: null, seq: 0, menu: null };

export function applyMessage(state, message) {
  switch (message.type) {
    case "menu":
      return withItems(state, message.items);
    case "heartbeat":
      return { state, action: "none" };
    default:
      return { state, action: "none" };
  }
}

export const applyPoll = (state, menu) => ({ ...state, menu });

// Items that stand in a category we have never heard of mean that the whole menu is another one.
function withItems(state, items) {
  if (!state.menu) return { state, action: "ask" };
  const known = new Set(state.menu.categories.map((category) => category.id));
  const action = items.every((item) => known.has(item.category)) ? "snapshot" : "ask";
  return { state: { ...state, menu: { ...state.menu, items } }, action };
}
