// Marks, in the sticky list of categories, the one that is being read.

const SECTIONS = "[data-sections] > section";
const watched = new WeakSet();
const inView = new Set();
let observer = null;

// To be called whenever sections may have been added.
export function watchSections() {
  observer ??= new IntersectionObserver(look, { rootMargin: "-20% 0px -60% 0px" });
  for (const section of document.querySelectorAll(SECTIONS)) {
    if (watched.has(section)) continue;
    watched.add(section);
    observer.observe(section);
  }
}

function look(entries) {
  for (const { target, isIntersecting } of entries) inView[isIntersecting ? "add" : "delete"](target);
  const first = [...document.querySelectorAll(SECTIONS)].find((section) => inView.has(section));
  if (first) mark(document.querySelector("[data-category-nav]"), first.id);
}

function mark(links, id) {
  for (const link of links.querySelectorAll("a")) {
    const here = link.hash === `#${id}`;
    if (here === (link.getAttribute("aria-current") === "true")) continue;
    if (!here) link.removeAttribute("aria-current");
    else {
      link.setAttribute("aria-current", "true");
      links.scrollTo({ left: link.offsetLeft - links.clientWidth / 2 + link.offsetWidth / 2 });
    }
  }
}
