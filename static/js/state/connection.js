// What a screen says of its connection. Old state is never called live: nothing fresh for 30 s is stale, and greyed out.

export const STALE_AFTER_MS = 30_000;

// `freshAt` is when we last knew that what is shown is true (ms, null: never); `staleSince` what the server said of itself.
export function describe({ socketLive, polled, offline = false, freshAt, staleSince, openedAt }, now) {
  const lastTrue = staleSince === null ? freshAt : Math.min(staleSince, freshAt ?? staleSince);
  const greyed = now - (lastTrue ?? openedAt) > STALE_AFTER_MS;
  if (lastTrue !== null && (greyed || staleSince !== null)) return { state: "stale", since: lastTrue, greyed };
  if (socketLive) return { state: "live", greyed };
  if (polled) return { state: "polling", greyed };
  if (offline) return { state: "offline", greyed };
  return { state: freshAt === null ? "connecting" : "reconnecting", greyed };
}
