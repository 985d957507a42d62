// A table that is wider than its place is scrolled with the arrow keys too: who has no mouse can go into it, and hears
// what it is. A table that fits, or with something in it to go to, needs no stop of its own.

const PLACES = ".table-wrap, pre.code";
const STOPS = "a[href], button, input, select, textarea, summary, [tabindex]";
const ours = new WeakSet();

function nameOf(place) {
  const caption = place.querySelector("caption")?.textContent.trim();
  if (caption) return caption;
  const within = place.closest("section, .card, .side, main");
  return (within?.querySelector("h2, h3") ?? document.querySelector("h1"))?.textContent.trim() ?? "";
}

function look(place) {
  const hidden = place.scrollWidth > place.clientWidth + 1 || place.scrollHeight > place.clientHeight + 1;
  const needs = hidden && !place.querySelector(STOPS);
  if (needs && !place.hasAttribute("tabindex")) {
    place.tabIndex = 0;
    place.setAttribute("role", "region");
    place.setAttribute("aria-label", nameOf(place));
    ours.add(place);
  } else if (!needs && ours.delete(place)) {
    for (const name of ["tabindex", "role", "aria-label"]) place.removeAttribute(name);
  }
}

const sizes = new ResizeObserver((entries) => entries.forEach(({ target }) => look(target)));

function watch(root) {
  for (const place of root.querySelectorAll(PLACES)) sizes.observe(place);
}

watch(document);
document.body.addEventListener("htmx:load", (event) => {
  watch(event.target);
  if (event.target.matches(PLACES)) sizes.observe(event.target);
});
