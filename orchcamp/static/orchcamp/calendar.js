// The calendar: a launch is dragged onto another day. The menu of each launch does the same by keyboard.

let dragged = null; // the launch on its way

const dayOf = (event) => event.target.closest?.(".day");

function over(day) {
  for (const each of document.querySelectorAll(".day-over")) each.classList.toggle("day-over", each === day);
  day?.classList.add("day-over");
}

document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("[data-launch]");
  if (!dragged) return;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", dragged.textContent.trim().slice(0, 80));
  dragged.classList.add("dragged");
});

document.addEventListener("dragover", (event) => {
  const day = dragged && dayOf(event);
  over(day);
  if (day) event.preventDefault();
});

document.addEventListener("drop", (event) => {
  const day = dragged && dayOf(event);
  if (!day) return;
  event.preventDefault();
  const home = dragged.closest(".day");
  if (day === home) return;
  htmx.ajax("POST", dragged.dataset.launch, { source: document.body, swap: "none", values: { day: day.dataset.day } });
});

document.addEventListener("dragend", () => {
  dragged?.classList.remove("dragged");
  over(null);
  dragged = null;
});

document.addEventListener("focusin", (event) => {
  if (event.target.matches("[data-select]")) event.target.select();
});

// A launch that was moved by its menu keeps the menu open and the focus, so that a day later can be pressed again. The
// menu is a new one then, and asks for its form when it opens.
let moved = null; // the ids of the menu and of what was pressed in it
document.body.addEventListener("htmx:beforeRequest", (event) => {
  const menu = event.target.closest?.(".launch-move")?.closest("details.menu");
  if (menu) moved = { menu: menu.querySelector("summary").id, button: document.activeElement?.id };
});
for (const failed of ["htmx:responseError", "htmx:sendError"]) {
  document.body.addEventListener(failed, () => (moved = null));
}
document.body.addEventListener("htmx:afterSettle", ({ target }) => {
  if (!moved) return;
  const menu = document.getElementById(moved.menu)?.parentElement;
  if (target.id === "calendar") {
    if (menu) menu.open = true;
    else moved = null;
  } else if (menu?.contains(target)) {
    document.getElementById(moved.button)?.focus({ preventScroll: true });
    moved = null;
  }
});
