// The bell: its list is asked for when it opens. Its number and those of the menu are asked for again and again, but only
// while somebody looks at the page.

const COUNTED = { "bell-count": "bell-due", "menu-numbers": "numbers-due" }; // what asks -> what makes it ask at once
const bell = document.getElementById("bell");
const panel = document.getElementById("bell-panel");

bell?.addEventListener("toggle", () => {
  if (bell.open) htmx.trigger(panel, "bell-opened");
});

// What the list is opened with is the first thing in it that can be used, as of any menu.
panel?.addEventListener("htmx:afterSettle", () => {
  if (bell.open && (document.activeElement === document.body || bell.contains(document.activeElement))) {
    panel.querySelector("a, button")?.focus({ preventScroll: true });
  }
});

panel?.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const stops = [...panel.querySelectorAll("a, button")];
  const next = stops[stops.indexOf(document.activeElement) + step];
  event.preventDefault();
  next?.focus();
});

document.body.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.id in COUNTED && document.hidden) event.preventDefault();
});

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  for (const [id, due] of Object.entries(COUNTED)) {
    const asks = document.getElementById(id);
    if (asks) htmx.trigger(asks, due);
  }
});

// Who tabs out of the list leaves it behind.
bell?.addEventListener("focusout", ({ relatedTarget }) => {
  if (bell.open && relatedTarget && !bell.contains(relatedTarget)) bell.open = false;
});
