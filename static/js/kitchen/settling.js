// Keeps a second tap from acting on the next ticket: one that has just come to lie where another was does not act for a moment.

const SETTLE_MS = 1200;
const MOVED_PX = 8;

const layouts = new WeakMap(); // list -> [{key, rect}] as it was last drawn
const timers = new WeakMap(); // ticket -> the end of its wait

export const isSettled = (node) => !node.hasAttribute("data-settling");

// To be called after each drawing of a list of tickets.
export function settle(list) {
  const layout = [...list.children].map((node) => ({ node, key: node.dataset.key, rect: rectIn(list, node) }));
  const before = layouts.get(list) ?? [];
  for (const { node, key, rect } of layout) {
    const own = before.find((each) => each.key === key);
    const moved = !own || Math.abs(own.rect.top - rect.top) > MOVED_PX || Math.abs(own.rect.left - rect.left) > MOVED_PX;
    if (moved && before.some((each) => each.key !== key && overlap(each.rect, rect))) hold(node);
  }
  layouts.set(list, layout.map(({ key, rect }) => ({ key, rect })));
}

// `node` does not act for a moment.
export function hold(node) {
  clearTimeout(timers.get(node));
  node.toggleAttribute("data-settling", true);
  for (const button of node.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
  timers.set(node, setTimeout(() => free(node), SETTLE_MS));
}

function free(node) {
  node.removeAttribute("data-settling");
  const pending = String(node.hasAttribute("data-pending"));
  for (const button of node.querySelectorAll("button")) button.setAttribute("aria-disabled", pending);
}

// relative to the list, so that scrolling moves nothing
function rectIn(list, node) {
  const origin = list.getBoundingClientRect();
  const { left, top, width, height } = node.getBoundingClientRect();
  return { left: left - origin.left, top: top - origin.top, width, height };
}

const overlap = (one, other) =>
  one.left < other.left + other.width - MOVED_PX &&
  other.left < one.left + one.width - MOVED_PX &&
  one.top < other.top + other.height - MOVED_PX &&
  other.top < one.top + one.height - MOVED_PX;
