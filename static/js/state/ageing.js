// How long somebody has been waiting, and when that is too long.

export const SLOW_AFTER_MS = 5 * 60_000;
export const LATE_AFTER_MS = 10 * 60_000;

export function age(waitedMs) {
  if (waitedMs >= LATE_AFTER_MS) return "late";
  return waitedMs >= SLOW_AFTER_MS ? "slow" : "fresh";
}

// mm:ss, with as many minutes as it takes
export function minutesAndSeconds(waitedMs) {
  const seconds = Math.max(0, Math.floor(waitedMs / 1000));
  return `${String(Math.floor(seconds / 60)).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")}`;
}
