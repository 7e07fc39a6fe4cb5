// Making and updating parts of the page: from templates and text only, never from markup in data.

export const slot = (node, name) => node.querySelector(`[data-slot="${name}"]`);

export function copyOf(templateId) {
  return document.getElementById(templateId).content.firstElementChild.cloneNode(true);
}

// Sets the text of slots; an empty one is hidden. A text that has not changed is left alone, so it is not read out again.
export function fill(node, texts) {
  for (const [name, text] of Object.entries(texts)) {
    const target = slot(node, name);
    const shown = text ?? "";
    if (target.textContent !== String(shown)) target.textContent = shown;
    target.hidden = shown === "";
  }
  return node;
}

// Brings the children of `parent` in line with `items`: one node per key, made once, updated, in this order.
export function reconcile(parent, items, { key, create, update }) {
  const present = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const name = String(key(item));
    const node = present.get(name) ?? create(item);
    node.dataset.key = name;
    present.delete(name);
    update?.(node, item);
    if (node === place) place = place.nextElementSibling;
    else parent.insertBefore(node, place);
  }
  for (const node of present.values()) node.remove();
}
