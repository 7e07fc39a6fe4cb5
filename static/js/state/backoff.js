// How long to wait before connecting again: exponential with full jitter, so that a thousand screens don't come back at once.
// https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/

export const BASE_MS = 500;
export const MOST_MS = 15_000;
export const RESTARTED = 1012;

export function waitBeforeRetry(attempt, random, code = 0) {
  const most = code === RESTARTED && attempt === 0 ? 2 * BASE_MS : Math.min(MOST_MS, BASE_MS * 2 ** attempt);
  return random() * most;
}
