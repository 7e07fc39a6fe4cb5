// Every sentence that a script shows, so that a translation is one more file like this.

export const locale = globalThis.document?.documentElement.lang || "en";

const CLOCK = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const minutes = new Intl.DateTimeFormat(locale, CLOCK);
const seconds = new Intl.DateTimeFormat(locale, { ...CLOCK, second: "2-digit" });

// The time of day, in the one style that all screens have; `at` is a Date or ms since the epoch.
export const timeOfDay = (at) => minutes.format(at);
export const timeWithSeconds = (at) => seconds.format(at);

export const connection = {
  connecting: "Connecting…",
  live: "Live",
  behind: (seconds) => `${Math.round(seconds)} s behind`,
  reconnecting: "Connection lost, trying again…",
  offline: "Offline: this is how it was when the connection was lost",
  polling: "Not live, checking every 3 seconds",
  stale: (time) => `Not up to date since ${time}`,
};

export const greeting = { morning: "Good morning.", afternoon: "Good afternoon.", evening: "Good evening." };

export const status = {
  ordered: "Ordered",
  preparing: "Preparing",
  ready: "Ready",
  served: "Served",
  cancelled: "Cancelled",
};

export const menu = {
  unavailable: "The menu could not be loaded. We keep trying.",
  soldOut: "Sold out",
  contains: (allergens) => `Contains ${allergens.join(", ")}`,
  from: (price) => `from ${price}`,
  extra: (price) => `+${price}`,
  less: (price) => `−${price}`,
  add: (price) => `Add · ${price}`,
  choose: (option) => `Please choose: ${option}`,
  change: (price) => `Save · ${price}`,
  added: (name) => `${name} is in your order.`,
};

const choose = (option, instead) =>
  instead.length ? `Please choose another: ${instead.join(", ")}.` : `No other ${option} is left; please remove the line.`;

const problems = {
  item_sold_out: () => "Sold out. Please remove it to order the rest.",
  item_gone: () => "No longer on the menu. Please remove it to order the rest.",
  choice_gone: (name, option, instead) => `${name} (${option}) is no longer available. ${choose(option, instead)}`,
  choice_sold_out: (name, option, instead) => `${name} (${option}) is sold out. ${choose(option, instead)}`,
  choice_missing: (name, option, instead) => `There is something new to choose (${option}): ${instead.join(", ")}.`,
  option_gone: (name) => `${name} can no longer be chosen here. Please look at the line again.`,
};

export const cart = {
  count: (count) => (count === 1 ? "1 item" : `${count} items`),
  fewer: (name) => `One ${name} fewer`,
  more: (name) => `One ${name} more`,
  edit: (name) => `Change ${name}`,
  remove: (name) => `Remove ${name}`,
  chooseFor: (name) => `Choose again for ${name}`,
  view: "View order",
  viewTroubled: "Please look at your order",
  problem: ({ code, name, option, instead }) => problems[code](name, option?.name, instead?.map((choice) => choice.name)),
  troubled: "Something in your order is no longer available. Please change or remove what is marked above.",
  limit: {
    lines: (name) => `${name} was not added: an order has at most 50 lines. Please order the rest separately.`,
    quantity: (name) => `${name} was not added: an order has at most 50 of one kind. Please order the rest separately.`,
  },
  name: "Please tell us your name, so that we can call you.",
  sending: "Sending…",
  place: (price) => `Place order · ${price}`,
  priceChanged: (price) => `A price has just changed: your order is ${price} now. Order again if that is all right.`,
  soldOut: (name) => `${name || "Something you chose"} has just sold out. Please remove it to order the rest.`,
  again: "Send it again",
  unanswered:
    "We do not know yet whether your order has arrived: no answer came. Send it again to find out; it is made only once. If you change it instead, both may be made.",
  offline: "You are offline, so nothing has been sent. Your order is kept here: place it when you are connected again.",
  tooMany: (seconds) => `The café is getting a lot of orders from here. Please try again in ${seconds} seconds.`,
  invalid: (detail) => `The café could not take this order. ${detail || ""}`.trim(),
};

export const order = {
  headline: {
    ordered: "We have your order.",
    preparing: "We are making it now.",
    ready: "Ready at the counter.",
    served: "Enjoy it.",
    cancelled: "This order was cancelled.",
  },
  detail: {
    ordered: "You can put the phone away; this page follows your order by itself.",
    preparing: "It won’t be long.",
    ready: (number) => `Please come and say ${number}.`,
    served: "Thank you for coming.",
    cancelled: "Nothing will be made. You are welcome to order again.",
  },
  title: (number, status) => `${number} ${status.toLowerCase()} · Café Lumière`,
  cancelFailed: "It is already being made, so it can no longer be cancelled here. Please ask at the counter.",
  noAnswer: "We could not reach the café. Please try again.",
  copied: "The link is copied.",
  copyFailed: "Copy the address of this page to share it.",
  shareTitle: (number) => `Order ${number} at Café Lumière`,
  chimeOn: "Chime is on",
  chimeOff: "Chime when ready",
};

export const kitchen = {
  next: { ordered: "Start", preparing: "Ready", ready: "Served" },
  nextFor: { ordered: (n) => `Start ${n}`, preparing: (n) => `${n} is ready`, ready: (n) => `${n} is served` },
  doing: { preparing: "Starting…", ready: "Calling…", served: "Handing over…", ordered: "Taking back…", cancelled: "Cancelling…" },
  back: (number) => `Take ${number} one step back`,
  cancel: (number) => `Cancel ${number}`,
  age: { fresh: "", slow: "over 5 min", late: "over 10 min" },
  withdrawn: { cancelled: "Cancelled. Do not make it.", changed: "Changed. See the new ticket." },
  acknowledgeFor: (number) => `Take the ticket ${number} away`,
  more: (count) => `${count} more ↓`,
  compact: "Smaller tickets",
  large: "Larger tickets",
  moved: (number, status) => `${number} is now ${status}`,
  movedElsewhere: (number, status) => `${number} was already moved by another tablet: now ${status}`,
  gone: (number) => `${number} is no longer here.`,
  noAnswer: (number) => `${number}: no answer from the café’s computer. Nothing is sure yet; look at the ticket in a moment.`,
  refused: (number, detail) => `${number}: ${detail}`,
  undo: "Undo",
  recall: (number) => `Bring ${number} back to the counter`,
  switchFailed: (name) => `${name} could not be switched. Please try again.`,
  available: "On sale",
  soldOut: "Sold out",
};
