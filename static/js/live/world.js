// What the live client needs of the world around it; tests bring another.

export const browser = {
  now: () => Date.now(),
  random: () => Math.random(),
  later: (work, ms) => setTimeout(work, ms),
  cancel: (timer) => clearTimeout(timer),
  every: (work, ms) => setInterval(work, ms),
  fetch: (path, settings) => fetch(path, { ...settings, signal: AbortSignal.timeout(8000) }),
  open: (path) => new WebSocket(new URL(path, location.href.replace(/^http/, "ws"))),
  // wakes when somebody looks again or the network is back
  onWake(work) {
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && work());
    for (const name of ["online", "pageshow", "focus"]) addEventListener(name, work);
  },
  halfRoundTripMs() {
    const [page] = performance.getEntriesByType("navigation");
    if (!page) return 0;
    return Math.max(0, (page.secureConnectionStart || page.connectEnd) - page.connectStart) / 2;
  },
};
