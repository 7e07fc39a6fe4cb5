// Starts each behaviour named in the page: data-behaviour="cart greeting" loads behaviours/cart.js and behaviours/greeting.js.
// What a behaviour's start() returns stops it, and is called when its element has left the page.

const started = new Map(); // element -> what stops its behaviours

async function begin(element, name) {
  const { start } = await import(`./behaviours/${name}.js`);
  const stop = element.isConnected && start(element);
  if (stop) started.set(element, [...(started.get(element) ?? []), stop]);
}

function stopRemoved() {
  for (const [element, stops] of started) {
    if (element.isConnected) continue;
    started.delete(element);
    for (const stop of stops) stop();
  }
}

for (const element of document.querySelectorAll("[data-behaviour]")) {
  for (const name of element.dataset.behaviour.split(/\s+/)) begin(element, name);
}
new MutationObserver(stopRemoved).observe(document.body, { childList: true, subtree: true });
