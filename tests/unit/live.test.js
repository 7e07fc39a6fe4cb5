// The live client in a world of the test's own: its time, its sockets, its network.

import assert from "node:assert/strict";
import { test } from "node:test";

import { follow } from "../../static/js/live.js";
import * as source from "../../static/js/state/display.js";

function createWorld() {
  let now = 1_000_000;
  const timers = new Set();
  const world = {
    sockets: [],
    asked: [],
    answer: () => Promise.reject(new Error("no network")),
    shown: [],
    now: () => now,
    random: () => 0.5,
    later: (work, ms) => {
      const timer = { work, at: now + ms };
      timers.add(timer);
      return timer;
    },
    every: (work, ms) => {
      const timer = { work, at: now + ms, again: ms };
      timers.add(timer);
    },
    cancel: (timer) => timers.delete(timer),
    fetch: (path, settings) => {
      world.asked.push({ path, at: now, tag: settings.headers["If-None-Match"] });
      return world.answer(settings);
    },
    open: (path) => {
      const socket = { path, closed: false, close: () => (socket.closed = true) };
      world.sockets.push(socket);
      return socket;
    },
    onWake: (work) => (world.wake = work),
    halfRoundTripMs: () => 0,
    last: () => world.sockets.at(-1),
    say: (message) => world.last().onmessage({ data: JSON.stringify(message) }),
    drop: (code = 1006) => world.last().onclose({ code }),
    state: () => world.shown.at(-1)?.state,
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
  return world;
}

const snapshot = (seq) => ({ type: "snapshot", epoch: "e", seq, orders: [] });
const change = (seq) => ({ type: "change", epoch: "e", seq, order: { pickup_number: `${seq}`, status: "ready", since: "t" } });

function start() {
  const world = createWorld();
  const drawn = [];
  const stream = follow({
    socketPath: "/ws", pollPath: "/poll", source, world,
    draw: (state) => drawn.push(state.seq),
    show: (link) => world.shown.push(link),
  });
  return { world, drawn, stream };
}

test("comes back with its last position after every close, whatever its code", async () => {
  for (const code of [1000, 1001, 1006, 1011, 1012, 1013]) {
    const { world } = start();
    assert.equal(world.last().path, "/ws");
    world.say(snapshot(4));
    world.say(change(5));
    world.drop(code);
    assert.notEqual(world.state(), "live");
    await world.pass(1000);
    assert.equal(world.last().path, "/ws?epoch=e&seq=5");
  }
});

test("a gap reconnects from where it was, another history from nothing", async () => {
  const { world, drawn } = start();
  world.say(snapshot(4));
  world.say(change(6));
  await world.pass(1000);
  assert.equal(world.last().path, "/ws?epoch=e&seq=4");
  assert.deepEqual(drawn, [4]);
  world.say({ type: "heartbeat", epoch: "other", seq: 9 });
  await world.pass(1000);
  assert.equal(world.last().path, "/ws");
});

test("a socket that is silent for 25 seconds is given up, and polling begins", async () => {
  const { world } = start();
  world.say(snapshot(1));
  await world.pass(24_000);
  assert.equal(world.sockets.length, 1);
  await world.pass(3000);
  assert.ok(world.sockets[0].closed);
  assert.ok(world.asked.length > 0);
});

test("while there is no socket it polls every three seconds, with the last tag, and says so; then stops", async () => {
  const { world } = start();
  world.say(snapshot(1));
  world.open = () => ({ close() {} });
  world.answer = () =>
    Promise.resolve({ ok: true, status: 200, headers: new Headers({ ETag: '"t"' }), json: async () => ({ epoch: "e", seq: 2, orders: [] }) });
  world.drop();
  await world.pass(10_000);
  assert.equal(world.state(), "polling");
  assert.ok(world.asked.length >= 3);
  assert.equal(world.asked[1].at - world.asked[0].at, 3000);
  assert.equal(world.asked[1].tag, '"t"');
});

test("the server's own word that it does not know is shown at once, until it knows again", async () => {
  const { world } = start();
  world.say(snapshot(1));
  world.say({ type: "stale", since: new Date(world.now() - 4000).toISOString() });
  assert.equal(world.state(), "stale");
  world.say({ type: "heartbeat", epoch: "e", seq: 1 });
  assert.equal(world.state(), "live");
});

test("with nothing at all for thirty seconds the page is stale and grey", async () => {
  const { world } = start();
  world.say(snapshot(1));
  world.drop();
  await world.pass(32_000);
  assert.equal(world.state(), "stale");
  assert.equal(world.shown.at(-1).greyed, true);
});

test("a tablet that wakes looks at once", async () => {
  const { world } = start();
  world.say(snapshot(1));
  world.random = () => 1;
  for (let attempt = 0; attempt < 3; attempt += 1) {
    world.drop();
    await world.pass(4000);
  }
  world.drop();
  const before = world.sockets.length;
  world.wake();
  assert.equal(world.sockets.length, before + 1);
});
