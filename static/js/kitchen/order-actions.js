// What a tap does: sends the step over the version that the barista saw, shows it as pending, and says what became of it.

import { ask } from "../parts/ask.js";
import { toast } from "../parts/toast.js";
import { leadsTo, nextStep, undoing } from "../state/steps.js";
import { kitchen as words, status as statusWords } from "../words.js";

const UNDO_SECONDS = 5;
const TROUBLE_SECONDS = 8;

export function createOrderActions({ learn, redraw, acknowledge }) {
  const wanted = new Map(); // order number -> {status, version}
  const cancelledHere = new Set();

  function pending(order) {
    const want = wanted.get(order.order_number);
    return want && want.version === order.version ? want.status : undefined;
  }

  async function step(order, name) {
    if (pending(order)) return;
    const number = order.order_number;
    const want = { status: leadsTo(name, order.status), version: order.version };
    wanted.set(number, want);
    if (name === "cancel") cancelledHere.add(number);
    redraw();
    const answer = await ask("POST", path(number, name), { headers: { "If-Match": `"v${order.version}"` } });
    if (wanted.get(number) === want) wanted.delete(number);
    if (answer.ok) {
      learn(answer.body);
      offerUndo(answer.body, name);
    } else {
      await explain(order, answer);
    }
    redraw();
  }

  function offerUndo(order, name) {
    const back = undoing(name, order.status);
    const text = words.moved(order.pickup_number, statusWords[order.status]);
    toast(text, { seconds: UNDO_SECONDS, label: words.undo, action: back && (() => step(order, back)) });
  }

  async function explain(order, { status, body }) {
    const say = (text) => toast(text, { seconds: TROUBLE_SECONDS, tone: "trouble" });
    const number = order.pickup_number;
    if (status >= 400 && status < 500) cancelledHere.delete(order.order_number);
    if (status === 401) return location.assign("/sign-in?next=/kitchen");
    if (status === 404) return say(words.gone(number));
    if (status !== 412 && status !== 409) {
      const known = status >= 400 && status < 500 && body.detail;
      return say(known ? words.refused(number, body.detail) : words.noAnswer(number));
    }
    const now = await ask("GET", `/api/orders/${encodeURIComponent(order.order_number)}`);
    if (now.ok) learn(now.body);
    const current = now.ok ? now.body.status : body.current_status;
    say(current ? words.movedElsewhere(number, statusWords[current]) : words.refused(number, body.detail));
  }

  function askToCancel(order) {
    const sure = document.getElementById("sure");
    sure.querySelector("[data-number]").textContent = order.pickup_number;
    sure.querySelector("[data-yes]").onclick = () => {
      sure.close();
      step(order, "cancel");
    };
    sure.showModal();
  }

  return {
    pending,
    acknowledge,
    isOwnCancellation: (number) => cancelledHere.has(number),
    forward: (order) => step(order, nextStep(order.status)),
    recall: (order) => step(order, "recall"),
    askToCancel,
  };
}

const path = (number, name) => `/api/kitchen/orders/${encodeURIComponent(number)}/${name}`;
