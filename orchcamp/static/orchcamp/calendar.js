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

// A launch that was moved by its menu keeps the menu open and the focus, so that a day later can be pressed again.
let moved = null;
document.body.addEventListener("htmx:beforeRequest", (event) => {
  const form = event.target.closest?.(".launch form");
  if (form) moved = document.activeElement?.id;
});
document.body.addEventListener("htmx:afterSettle", () => {
  const button = moved && document.getElementById(moved);
  moved = null;
  if (!button) return;
  const menu = button.closest("details");
  if (menu) menu.open = true;
  button.focus({ preventScroll: true });
});
