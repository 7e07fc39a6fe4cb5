// Values kept in localStorage; where there is none, until the page is left.

const here = new Map();

export function recall(name, otherwise) {
  try {
    const text = localStorage.getItem(`cafe.${name}`);
    return text === null ? (here.get(name) ?? otherwise) : JSON.parse(text);
  } catch {
    return here.get(name) ?? otherwise;
  }
}

export function remember(name, value) {
  here.set(name, value);
  try {
    localStorage.setItem(`cafe.${name}`, JSON.stringify(value));
  } catch {
    // private browsing, or full: it lives as long as the page
  }
}
