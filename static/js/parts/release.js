// Loads the page again when the café runs another release than the one it came from: when idle, once for each release.

const IDLE_AFTER_MS = 10_000;
const LOOK_EVERY_MS = 1000;
const SPREAD_MS = 5000;
const TOUCHES = ["pointerdown", "keydown", "input", "wheel", "touchmove"];
// a dialog, a request under way, a chime that would have to be switched on again, a ticket that nobody has taken note of
const BUSY = "dialog[open]:not([data-panel]), [data-sending], [data-pending], [data-withdrawn], [aria-pressed='true'][data-behaviour~='chime']";

let touchedAt = 0;
let timer = null;

if (globalThis.document) {
  for (const name of TOUCHES) addEventListener(name, () => (touchedAt = performance.now()), { capture: true, passive: true });
}

// To be called with the release that the server says it runs; nothing where it says none.
export function heardRelease(release) {
  if (!release || timer !== null || release === ownRelease() || release === triedRelease()) return;
  const earliest = performance.now() + Math.random() * SPREAD_MS;
  timer = setInterval(() => performance.now() >= earliest && isIdle() && load(release), LOOK_EVERY_MS);
}

const ownRelease = () => document.querySelector("meta[name=release]")?.content;

function isIdle() {
  const writing = document.activeElement?.matches("input, textarea, select");
  return !writing && performance.now() - touchedAt > IDLE_AFTER_MS && !document.querySelector(BUSY);
}

function load(release) {
  clearInterval(timer);
  try {
    sessionStorage.setItem("cafe.tried-release", release);
  } catch {
    return; // without a memory of having tried, it could go round in circles
  }
  location.reload();
}

// During a roll-out the page may come from the old release once more: it is not loaded for the same release twice.
function triedRelease() {
  try {
    return sessionStorage.getItem("cafe.tried-release");
  } catch {
    return null;
  }
}
