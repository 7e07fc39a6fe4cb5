// Starts each behaviour named in the page: data-behaviour="cart greeting" loads behaviours/cart.js and behaviours/greeting.js.

for (const element of document.querySelectorAll("[data-behaviour]")) {
  for (const name of element.dataset.behaviour.split(/\s+/)) {
    import(`./behaviours/${name}.js`).then(({ start }) => start(element));
  }
}
