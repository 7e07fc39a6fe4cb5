// An AbortSignal that aborts after a time; AbortSignal.timeout is missing before Safari 16 and Chromium 103.

export function abortAfter(ms) {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), ms);
  return controller.signal;
}
