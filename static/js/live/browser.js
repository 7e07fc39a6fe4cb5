// The browser as the live client uses it: its clock, timers, network and events. Tests give another.

import { abortAfter } from "../parts/abort-after.js";
import { heardRelease } from "../parts/release.js";

const FETCH_TIMEOUT_MS = 8000;

export const browser = {
  // ms on a clock that never jumps; only differences mean something
  now: () => performance.now(),
  // ms since the epoch by this device's clock, which may be wrong and may jump
  wallClock: () => Date.now(),
  random: () => Math.random(),
  later: (work, ms) => setTimeout(work, ms),
  cancel: (timer) => clearTimeout(timer),
  every: (work, ms) => setInterval(work, ms),
  fetch: (path, settings) => fetch(path, { ...settings, signal: abortAfter(FETCH_TIMEOUT_MS) }),
  open: (path) => new WebSocket(new URL(path, location.href.replace(/^http/, "ws"))),
  // `wake` when somebody looks again or the network is back, `offline` when the browser says there is none;
  // returns what stops both
  watchNetwork({ wake, offline }) {
    const seen = () => document.visibilityState === "visible" && wake();
    const listeners = [["online", wake], ["pageshow", wake], ["focus", wake], ["offline", offline]];
    document.addEventListener("visibilitychange", seen);
    for (const [name, listener] of listeners) addEventListener(name, listener);
    return () => {
      document.removeEventListener("visibilitychange", seen);
      for (const [name, listener] of listeners) removeEventListener(name, listener);
    };
  },
  heardRelease,
  halfRoundTripMs() {
    const [page] = performance.getEntriesByType("navigation");
    if (!page) return 0;
    return Math.max(0, (page.secureConnectionStart || page.connectEnd) - page.connectStart) / 2;
  },
};
