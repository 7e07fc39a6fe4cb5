// Marks, in the sticky list of categories, the one that is being read.

let observer = null;

export function watchSections() {
  if (observer) return;
  const links = document.querySelector("[data-category-nav]");
  const inView = new Set();
  observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) inView[isIntersecting ? "add" : "delete"](target);
      const first = [...document.querySelectorAll("[data-sections] > section")].find((section) => inView.has(section));
      if (first) mark(links, first.id);
    },
    { rootMargin: "-20% 0px -60% 0px" },
  );
  for (const section of document.querySelectorAll("[data-sections] > section")) observer.observe(section);
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
