// A live stream, purely: (state, message) -> {state, action}. Nothing here knows the time, the network or the page.
//
// Actions: "snapshot" and "change" are to be drawn; "replaying" waits for the rest of what was missed; "gap" asks for a
// reconnection from `epoch` and `seq`, "epoch" for one without them; "drop" and "none" change nothing to be seen.

export const atFirst = { epoch: null, seq: 0, replay: 0, orders: new Map() };

export function applyMessage(rules, state, message) {
  switch (message.type) {
    case "snapshot":
      return { state: replaced(rules, state, message), action: "snapshot" };
    case "resumed":
      return resumed(rules, state, message);
    case "change":
      return changed(rules, state, message);
    case "heartbeat":
      return beaten(rules, state, message);
    default:
      return { state, action: "none" };
  }
}

function replaced(rules, state, { epoch, seq, orders }) {
  const kept = rules.outlives && state.epoch === epoch ? state.orders : new Map();
  const next = new Map();
  for (const order of orders) {
    const known = kept.get(rules.key(order));
    next.set(rules.key(order), known && !rules.newer(order, known) ? known : order);
  }
  return { epoch, seq, replay: 0, orders: next };
}

function resumed(rules, state, { epoch, seq, missed }) {
  if (epoch !== state.epoch) return { state, action: "epoch" };
  if (rules.dense && seq !== state.seq) return { state, action: "gap" };
  return { state: { ...state, replay: missed }, action: missed ? "replaying" : "change" };
}

function changed(rules, state, { epoch, seq, order }) {
  if (epoch !== state.epoch) return { state, action: "epoch" };
  const replay = Math.max(0, state.replay - 1);
  const seen = replay ? "replaying" : "change";
  if (seq <= state.seq) return { state: { ...state, replay }, action: state.replay && !replay ? "change" : "drop" };
  if (rules.dense && seq !== state.seq + 1) return { state, action: "gap" };
  const known = state.orders.get(rules.key(order));
  if (known && !rules.newer(order, known)) {
    return { state: { ...state, seq, replay }, action: state.replay ? seen : "drop" };
  }
  const orders = new Map(state.orders);
  if (rules.shows(order)) orders.set(rules.key(order), order);
  else orders.delete(rules.key(order));
  return { state: { epoch, seq, replay, orders: rules.tidy?.(orders) ?? orders }, action: seen };
}

function beaten(rules, state, { epoch, seq }) {
  if (epoch !== state.epoch) return { state, action: "epoch" };
  if (seq <= state.seq) return { state, action: "none" };
  return rules.dense ? { state, action: "gap" } : { state: { ...state, seq }, action: "none" };
}
