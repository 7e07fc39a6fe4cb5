// How long an order has been waiting, and when that is slow or late.

export const SLOW_AFTER_MS = 5 * 60_000;
export const LATE_AFTER_MS = 10 * 60_000;

export function age(waitedMs) {
  if (waitedMs >= LATE_AFTER_MS) return "late";
  return waitedMs >= SLOW_AFTER_MS ? "slow" : "fresh";
}

// mm:ss, and hours and minutes from the first hour on
export function waited(waitedMs) {
  const seconds = Math.max(0, Math.floor(waitedMs / 1000));
  const minutes = Math.floor(seconds / 60);
  if (minutes >= 60) return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")}`;
  return `${String(minutes).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")}`;
}
