// Follows one live stream for a screen: the websocket first, polling while there is none, and which of the two it is.
//
// `source` is a module of state/: {atFirst, applyMessage, applyPoll}. `draw(state)` is called with what is to be seen,
// `show(link)` with {state, since, greyed, delayMs} whenever that changes, `refuse(status)` for 401, 403 and 404: where that
// returns true, the stream is given up. Ages are measured on a monotonic clock: a wall clock that jumps changes nothing.

import { createPolling } from "./live/polling.js";
import { openSocket, WORTH_A_LOOK_AFTER_MS } from "./live/socket.js";
import { browser } from "./live/browser.js";
import { waitBeforeRetry } from "./state/backoff.js";
import { createClock } from "./state/clock.js";
import { describe } from "./state/connection.js";

const NOT_YOURS = 1008;
const FIRST_POLL_WITHIN_MS = 1000;
const WAKE_ONCE_WITHIN_MS = 300;
const TICK_MS = 1000;
const SUSPENDED_MS = 5000;

export function follow({ socketPath, pollPath, source, draw, show = () => {}, refuse = () => {}, environment = browser, askFirst = false }) {
  const clock = createClock(environment.halfRoundTripMs(), environment.wallClock() - environment.now());
  const link = { socketLive: false, polled: false, offline: false, freshAt: null, staleSince: null, openedAt: environment.now() };
  const polling = createPolling(environment, pollPath, { onAnswer, onRefusal, onSilence: report });
  let state = source.atFirst;
  let socket = null;
  let retry = null;
  let attempt = 0;
  let mayResume = false;
  let delayMs = null;
  let reported = "";
  let wokeAt = -Infinity;
  let drift = environment.wallClock() - environment.now();
  let over = false;

  function report() {
    const described = describe(link, environment.now());
    const since = described.since === undefined ? null : Math.round(clock.now(described.since)); // ms since the epoch
    const said = { ...described, since, delayMs: described.state === "live" ? delayMs : null };
    const text = JSON.stringify(said);
    if (text !== reported) show(said);
    reported = text;
  }

  function fresh(staleSince = null) {
    const now = environment.now();
    link.staleSince = staleSince === null ? null : Date.parse(staleSince) - (clock.now(now) - now);
    if (staleSince === null) link.freshAt = now;
    link.offline = false;
  }

  function connect() {
    environment.cancel(retry);
    if (socket) return;
    const resume = mayResume && state.epoch !== null;
    const position = resume ? `?epoch=${encodeURIComponent(state.epoch)}&seq=${state.seq}` : "";
    socket = openSocket(environment, socketPath + position, { onMessage, onClose });
  }

  function onMessage(message) {
    if (message.server_time) clock.hear(message.server_time, environment.now());
    environment.heardRelease?.(message.release);
    if (message.type === "stale") {
      fresh(message.since);
      return report();
    }
    const applied = source.applyMessage(state, message);
    if (applied.action === "gap" || applied.action === "epoch") return startOver(applied.action === "gap");
    state = applied.state;
    fresh();
    if (applied.action === "ask") polling.ask();
    else if (!link.socketLive && applied.action !== "replaying") polling.stop();
    if (["snapshot", "change", "ask"].includes(applied.action)) arrived(message);
    else if (link.socketLive) attempt = 0;
    report();
  }

  function arrived(message) {
    mayResume = true;
    if (link.socketLive && message.type === "change") {
      attempt = 0;
      delayMs = clock.delay(message.committed_at, environment.now());
    }
    link.socketLive = true;
    link.polled = false;
    polling.forget();
    draw(state);
  }

  function startOver(resuming) {
    mayResume = resuming;
    socket.end(0);
  }

  function onClose(code) {
    socket = null;
    link.socketLive = false;
    delayMs = null;
    if (over || (code === NOT_YOURS && refuse(401))) return stop();
    polling.startIn(environment.random() * FIRST_POLL_WITHIN_MS);
    environment.cancel(retry);
    retry = environment.later(connect, waitBeforeRetry(attempt, environment.random, code));
    attempt += 1;
    report();
  }

  function onRefusal(status) {
    if (refuse(status)) stop();
  }

  function stop() {
    over = true;
    environment.cancel(retry);
    environment.cancel(ticking);
    stopWatching();
    polling.stop();
    socket?.end(0);
  }

  function onAnswer({ body, staleSince }) {
    fresh(staleSince);
    if (!link.socketLive) link.polled = true;
    if (body !== undefined) {
      state = source.applyPoll(state, body);
      draw(state);
    }
    if (link.socketLive) polling.stop();
    report();
  }

  function wake() {
    if (over || environment.now() - wokeAt < WAKE_ONCE_WITHIN_MS) return;
    wokeAt = environment.now();
    socket?.watch(WORTH_A_LOOK_AFTER_MS);
    if (socket) return;
    connect();
    polling.ask();
  }

  // the browser says that there is no network: shown at once, and the socket is not believed any longer
  function offline() {
    if (over) return;
    link.offline = true;
    link.polled = false;
    if (socket) socket.end(0);
    else report();
  }

  function tick() {
    const before = drift;
    drift = environment.wallClock() - environment.now();
    // the device slept, and the monotonic clock with it, or the wall clock was set: what is shown may be old
    if (Math.abs(drift - before) > SUSPENDED_MS) {
      clock.forget(drift);
      link.polled = false;
      if (socket) socket.end(0);
      else polling.ask();
    }
    socket?.watch();
    report();
  }

  const ticking = environment.every(tick, TICK_MS);
  const stopWatching = environment.watchNetwork({ wake, offline });
  if (askFirst) polling.ask();
  connect();
  report();

  return {
    now: () => clock.now(environment.now()),
    state: () => state,
    // puts in what an answer to the screen's own request said
    learn(change) {
      state = change(state);
      draw(state);
    },
    check: wake,
    ask: polling.ask,
    stop,
  };
}
