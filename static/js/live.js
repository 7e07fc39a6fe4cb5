// Follows one live stream for a screen: the websocket first, polling while there is none, and the truth about which it is.
//
// `source` is a module of state/: {atFirst, applyMessage, applyPoll}. `draw(state)` is called with what is to be seen,
// `show(link)` with {state, since, greyed, delayMs} whenever that changes, `refuse(status)` for 401, 403 and 404: where that
// returns true, the stream is given up.

import { createPolling } from "./live/polling.js";
import { openSocket, WORTH_A_LOOK_AFTER_MS } from "./live/socket.js";
import { browser } from "./live/world.js";
import { waitBeforeRetry } from "./state/backoff.js";
import { createClock } from "./state/clock.js";
import { describe } from "./state/connection.js";

const NOT_YOURS = 1008;
const FIRST_POLL_WITHIN_MS = 1000;
const WAKE_ONCE_WITHIN_MS = 300;

export function follow({ socketPath, pollPath, source, draw, show = () => {}, refuse = () => {}, world = browser, askFirst = false }) {
  const clock = createClock(world.halfRoundTripMs());
  const link = { socketLive: false, polled: false, freshAt: null, staleSince: null, openedAt: world.now() };
  const polling = createPolling(world, pollPath, { onAnswer, onRefusal, onSilence: tell });
  let state = source.atFirst;
  let socket = null;
  let retry = null;
  let attempt = 0;
  let mayResume = false;
  let delayMs = null;
  let told = "";
  let wokeAt = 0;
  let over = false;

  function tell() {
    const described = describe(link, world.now());
    const said = { ...described, delayMs: described.state === "live" ? delayMs : null };
    const text = JSON.stringify(said);
    if (text !== told) show(said);
    told = text;
  }

  function fresh(staleSince = null) {
    const now = world.now();
    link.staleSince = staleSince === null ? null : Date.parse(staleSince) - (clock.now(now) - now);
    if (staleSince === null) link.freshAt = now;
  }

  function connect() {
    world.cancel(retry);
    if (socket) return;
    const resume = mayResume && state.epoch !== null;
    const position = resume ? `?epoch=${encodeURIComponent(state.epoch)}&seq=${state.seq}` : "";
    socket = openSocket(world, socketPath + position, { onMessage, onClose });
  }

  function onMessage(message) {
    if (message.server_time) clock.hear(message.server_time, world.now());
    if (message.type === "stale") {
      fresh(message.since);
      return tell();
    }
    const applied = source.applyMessage(state, message);
    if (applied.action === "gap" || applied.action === "epoch") return startOver(applied.action === "gap");
    state = applied.state;
    fresh();
    if (applied.action === "ask") polling.ask();
    else if (!link.socketLive && applied.action !== "replaying") polling.stop();
    if (["snapshot", "change", "ask"].includes(applied.action)) arrived(message);
    else if (link.socketLive) attempt = 0;
    tell();
  }

  function arrived(message) {
    mayResume = true;
    if (link.socketLive && message.type === "change") {
      attempt = 0;
      delayMs = clock.delay(message.committed_at, world.now());
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
    polling.startIn(world.random() * FIRST_POLL_WITHIN_MS);
    world.cancel(retry);
    retry = world.later(connect, waitBeforeRetry(attempt, world.random, code));
    attempt += 1;
    tell();
  }

  function onRefusal(status) {
    if (refuse(status)) stop();
  }

  function stop() {
    over = true;
    world.cancel(retry);
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
    tell();
  }

  function wake() {
    if (over || world.now() - wokeAt < WAKE_ONCE_WITHIN_MS) return;
    wokeAt = world.now();
    socket?.watch(WORTH_A_LOOK_AFTER_MS);
    if (socket) return;
    connect();
    polling.ask();
  }

  world.every(() => {
    socket?.watch();
    tell();
  }, 1000);
  world.onWake(wake);
  if (askFirst) polling.ask();
  connect();
  tell();

  return {
    now: () => clock.now(world.now()),
    state: () => state,
    // puts in what an answer to the screen's own request said
    learn(change) {
      state = change(state);
      draw(state);
    },
    check: wake,
    ask: polling.ask,
  };
}
