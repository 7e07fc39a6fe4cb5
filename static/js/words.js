// Every sentence that a script shows, so that a translation is one more file like this.

export const locale = globalThis.document?.documentElement.lang || "en";

export const link = {
  connecting: "Connecting…",
  live: "Live",
  reconnecting: "Connection lost, trying again…",
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
  change: (price) => `Save · ${price}`,
  added: (name) => `${name} is in your order.`,
};

export const cart = {
  count: (count) => (count === 1 ? "1 item" : `${count} items`),
  fewer: (name) => `One ${name} fewer`,
  more: (name) => `One ${name} more`,
  edit: (name) => `Change ${name}`,
  remove: (name) => `Remove ${name}`,
  lineSoldOut: "Sold out. Please remove it to order the rest.",
  lineGone: "No longer on the menu",
  name: "Please tell us your name, so that we can call you.",
  sending: "Sending…",
  place: (price) => `Place order · ${price}`,
  priceChanged: (price) => `A price has just changed: your order is ${price} now. Order again if that is all right.`,
  soldOut: (name) => `${name || "Something you chose"} has just sold out. Please remove it to order the rest.`,
  again: "Send it again",
  unanswered:
    "Your order was sent, but no answer came. Send it again to find out whether it arrived: it is made only once. If you change it instead, both may be made.",
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
  age: { fresh: "waiting", slow: "over 5 min", late: "over 10 min", counter: "on the counter" },
  moved: (number, status) => `${number} is now ${status}`,
  movedElsewhere: (number, status) => `${number} was already moved by another tablet: now ${status}`,
  gone: (number) => `${number} is no longer here.`,
  noAnswer: (number) => `${number}: no answer from the café’s computer. Nothing is sure yet; look at the card in a moment.`,
  refused: (number, detail) => `${number}: ${detail}`,
  undo: "Undo",
  recall: (number) => `Bring ${number} back to the counter`,
  switchFailed: (name) => `${name} could not be switched. Please try again.`,
  available: "On sale",
  soldOut: "Sold out",
};
