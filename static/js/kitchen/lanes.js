// The three lanes of tickets: each scrolls on its own, and says how many are further down.

import { fill, reconcile, slot } from "../dom.js";
import * as source from "../state/kitchen.js";
import { inLane } from "../state/withdrawn.js";
import { kitchen as words } from "../words.js";
import { settle } from "./settling.js";
import { createTicket, drawTicket, drawWithdrawn, tick } from "./ticket.js";

const ROW_PX = 4; // as in css/pages/kitchen.css
const GAP_PX = 5;

const observers = new WeakMap(); // lane -> what sees that a ticket's height has changed

export function prepareLane(lane) {
  const scroller = lane.querySelector("[data-scroller]");
  const fit = () => {
    pack(lane.querySelector("[data-tickets]"));
    drawMore(lane);
  };
  scroller.addEventListener("scroll", () => drawMore(lane), { passive: true });
  addEventListener("resize", fit);
  observers.set(lane, new ResizeObserver(fit));
  return () => {
    removeEventListener("resize", fit);
    observers.get(lane).disconnect();
  };
}

export function drawLane(lane, state, withdrawn, actions, now) {
  const status = lane.dataset.lane;
  const orders = source.lane(state, status);
  const struck = inLane(withdrawn, status);
  const tickets = [...orders.map((order) => ({ key: order.order_number, order })), ...struck];
  tickets.sort((one, other) => source.byAge(one.order, other.order));
  const count = slot(lane, "count");
  if (count.textContent !== String(orders.length)) count.textContent = orders.length;
  lane.toggleAttribute("data-empty", tickets.length === 0);
  const list = lane.querySelector("[data-tickets]");
  reconcile(list, tickets, {
    key: (ticket) => ticket.key,
    create() {
      const node = createTicket(actions);
      observers.get(lane).observe(node);
      return node;
    },
    update: (node, ticket) =>
      ticket.reason ? drawWithdrawn(node, ticket) : drawTicket(node, ticket.order, actions.pending(ticket.order)),
  });
  tick(list, now);
  pack(list);
  settle(list);
  drawMore(lane);
}

// Each ticket takes the first place that is free, so that a long one beside a short one leaves no hole. Heights are all read
// before anything is written.
function pack(list) {
  const nodes = [...list.children];
  const spans = nodes.map((node) => Math.ceil((node.getBoundingClientRect().height + GAP_PX) / ROW_PX));
  nodes.forEach((node, index) => {
    const end = `span ${spans[index]}`;
    if (node.style.gridRowEnd !== end) node.style.gridRowEnd = end;
  });
}

function drawMore(lane) {
  const scroller = lane.querySelector("[data-scroller]");
  const end = scroller.getBoundingClientRect().bottom;
  const below = [...lane.querySelectorAll("[data-tickets] > *")].filter((node) => node.getBoundingClientRect().bottom > end + 2);
  fill(lane, { more: below.length ? words.more(below.length) : "" });
}
