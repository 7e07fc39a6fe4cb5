// A dialog that closes by its buttons, and by a tap beside it.

export function start(dialog) {
  dialog.addEventListener("click", ({ target }) => {
    if (target === dialog || target.closest("[data-close]")) dialog.close();
  });
}
