// The live client with the test's own clock, sockets and network.

import assert from "node:assert/strict";
import { test } from "node:test";

import { follow } from "../../static/js/live.js";
import * as source from "../../static/js/state/display.js";

function createEnvironment() {
  let now = 1_000_000;
  const timers = new Set();
  const environment = {
    sockets: [],
    asked: [],
    answer: () => Promise.reject(new Error("no network")),
    shown: [],
    wallAheadMs: 1_800_000_000_000,
    now: () => now,
    wallClock: () => now + environment.wallAheadMs,
    random: () => 0.5,
    later: (work, ms) => {
      const timer = { work, at: now + ms };
      timers.add(timer);
      return timer;
    },
    every: (work, ms) => {
      const timer = { work, at: now + ms, again: ms };
      timers.add(timer);
      return timer;
    },
    cancel: (timer) => timers.delete(timer),
    fetch: (path, settings) => {
      environment.asked.push({ path, at: now, tag: settings.headers["If-None-Match"] });
      return environment.answer(settings);
    },
    open: (path) => {
      const socket = { path, closed: false, close: () => (socket.closed = true) };
      environment.sockets.push(socket);
      return socket;
    },
    watchNetwork({ wake, offline }) {
      Object.assign(environment, { wake, offline, watched: true });
      return () => (environment.watched = false);
    },
    timers,
    halfRoundTripMs: () => 0,
    last: () => environment.sockets.at(-1),
    say: (message) => environment.last().onmessage({ data: JSON.stringify(message) }),
    drop: (code = 1006) => environment.last().onclose({ code }),
    state: () => environment.shown.at(-1)?.state,
    // lets time go by, timer by timer
    async pass(ms) {
      const end = now + ms;
      for (;;) {
        const due = [...timers].filter((timer) => timer.at <= end).sort((one, other) => one.at - other.at)[0];
        if (!due) break;
        now = Math.max(now, due.at);
        if (due.again) due.at += due.again;
        else timers.delete(due);
        due.work();
        await new Promise((done) => setImmediate(done));
      }
      now = end;
    },
  };
  return environment;
}

const snapshot = (seq) => ({ type: "snapshot", epoch: "e", seq, orders: [] });
const change = (seq) => ({ type: "change", epoch: "e", seq, order: { pickup_number: `${seq}`, status: "ready", since: "t" } });

function start() {
  const environment = createEnvironment();
  const drawn = [];
  const stream = follow({
    socketPath: "/ws", pollPath: "/poll", source, environment,
    draw: (state) => drawn.push(state.seq),
    show: (link) => environment.shown.push(link),
  });
  return { environment, drawn, stream };
}

test("comes back with its last position after every close, whatever its code", async () => {
  for (const code of [1000, 1001, 1006, 1011, 1012, 1013]) {
    const { environment } = start();
    assert.equal(environment.last().path, "/ws");
    environment.say(snapshot(4));
    environment.say(change(5));
    environment.drop(code);
    assert.notEqual(environment.state(), "live");
    await environment.pass(1000);
    assert.equal(environment.last().path, "/ws?epoch=e&seq=5");
  }
});

test("a gap reconnects from where it was, another history from nothing", async () => {
  const { environment, drawn } = start();
  environment.say(snapshot(4));
  environment.say(change(6));
  await environment.pass(1000);
  assert.equal(environment.last().path, "/ws?epoch=e&seq=4");
  assert.deepEqual(drawn, [4]);
  environment.say({ type: "heartbeat", epoch: "other", seq: 9 });
  await environment.pass(1000);
  assert.equal(environment.last().path, "/ws");
});

test("a socket that is silent for 25 seconds is given up, and polling begins", async () => {
  const { environment } = start();
  environment.say(snapshot(1));
  await environment.pass(24_000);
  assert.equal(environment.sockets.length, 1);
  await environment.pass(3000);
  assert.ok(environment.sockets[0].closed);
  assert.ok(environment.asked.length > 0);
});

test("while there is no socket it polls every three seconds, with the last tag, and says so; then stops", async () => {
  const { environment } = start();
  environment.say(snapshot(1));
  environment.open = () => ({ close() {} });
  environment.answer = () =>
    Promise.resolve({ ok: true, status: 200, headers: new Headers({ ETag: '"t"' }), json: async () => ({ epoch: "e", seq: 2, orders: [] }) });
  environment.drop();
  await environment.pass(10_000);
  assert.equal(environment.state(), "polling");
  assert.ok(environment.asked.length >= 3);
  assert.equal(environment.asked[1].at - environment.asked[0].at, 3000);
  assert.equal(environment.asked[1].tag, '"t"');
});

test("the server's own word that it does not know is shown at once, until it knows again", async () => {
  const { environment } = start();
  environment.say(snapshot(1));
  environment.say({ type: "stale", since: new Date(environment.wallClock() - 4000).toISOString() });
  assert.equal(environment.state(), "stale");
  environment.say({ type: "heartbeat", epoch: "e", seq: 1 });
  assert.equal(environment.state(), "live");
});

test("with nothing at all for thirty seconds the page is stale and grey", async () => {
  const { environment } = start();
  environment.say(snapshot(1));
  environment.drop();
  await environment.pass(32_000);
  assert.equal(environment.state(), "stale");
  assert.equal(environment.shown.at(-1).greyed, true);
});

test("a tablet that wakes looks at once", async () => {
  const { environment } = start();
  environment.say(snapshot(1));
  environment.random = () => 1;
  for (let attempt = 0; attempt < 3; attempt += 1) {
    environment.drop();
    await environment.pass(4000);
  }
  environment.drop();
  const before = environment.sockets.length;
  environment.wake();
  assert.equal(environment.sockets.length, before + 1);
});

test("offline is shown at once, and the socket is not believed any longer", () => {
  const { environment } = start();
  environment.say(snapshot(1));
  assert.equal(environment.state(), "live");
  environment.offline();
  assert.equal(environment.state(), "offline");
  assert.ok(environment.sockets[0].closed);
});

test("a wall clock that jumps makes nothing look fresh that is old", async () => {
  const { environment } = start();
  environment.say(snapshot(1));
  environment.open = () => ({ close() {} });
  environment.drop();
  await environment.pass(32_000);
  environment.wallAheadMs -= 3_600_000;
  await environment.pass(2000);
  assert.equal(environment.state(), "stale");
});

test("a device that slept connects again before it is believed", async () => {
  const { environment } = start();
  environment.say(snapshot(1));
  environment.wallAheadMs += 3_600_000;
  await environment.pass(1000);
  assert.ok(environment.sockets[0].closed);
  assert.notEqual(environment.state(), "live");
});

test("since when it is stale is told in the server's time", () => {
  const { environment } = start();
  environment.say({ ...snapshot(1), server_time: "2026-11-22T09:00:00.000Z" });
  environment.say({ type: "stale", since: "2026-11-22T08:59:50.000Z", server_time: "2026-11-22T09:00:00.000Z" });
  assert.equal(environment.shown.at(-1).since, Date.parse("2026-11-22T08:59:50.000Z"));
});

test("a stream that is stopped leaves no socket, no timer and no listener behind", async () => {
  const { environment, stream } = start();
  environment.say(snapshot(1));
  stream.stop();
  assert.ok(environment.sockets[0].closed);
  assert.equal(environment.watched, false);
  assert.equal(environment.timers.size, 0);
  await environment.pass(60_000);
  assert.equal(environment.sockets.length, 1);
});

test("a heartbeat's release is handed on; one without says nothing", () => {
  const { environment } = start();
  const heard = [];
  environment.heardRelease = (release) => heard.push(release);
  environment.say({ ...snapshot(1) });
  environment.say({ type: "heartbeat", epoch: "e", seq: 1, release: "r2" });
  assert.deepEqual(heard, [undefined, "r2"]);
});
