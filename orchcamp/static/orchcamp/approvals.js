// The approval queue by keyboard: J and K (or the arrows) go from request to request; a decision leads to the next one.

const queue = document.querySelector("[data-queue]");
const cards = () => [...(queue?.querySelectorAll("[data-approval]") ?? [])];
const link = (card) => card.querySelector(".approval-link");

function isTyping(target) {
  return target.closest("input, textarea, select, [contenteditable]") !== null;
}

function go(step) {
  const all = cards();
  const here = all.findIndex((card) => card.contains(document.activeElement));
  const next = all[here < 0 ? 0 : Math.min(Math.max(here + step, 0), all.length - 1)];
  if (next) {
    link(next).focus();
    next.scrollIntoView({ block: "nearest" });
  }
}

document.addEventListener("keydown", (event) => {
  if (!queue || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  const inQueue = queue.contains(document.activeElement);
  if (event.key === "j" || (inQueue && event.key === "ArrowDown")) go(1);
  else if (event.key === "k" || (inQueue && event.key === "ArrowUp")) go(-1);
  else return;
  event.preventDefault();
});

document.body.addEventListener("approval-decided", () => {
  const next = cards()[0];
  if (!next) {
    const empty = document.getElementById("queue-empty");
    if (empty) empty.hidden = false;
    document.querySelector(".approval-result")?.focus();
    return;
  }
  link(next).focus();
  if (!next.classList.contains("approval-open")) link(next).click();
});

// A request that was opened or closed keeps the focus on its title.
document.body.addEventListener("htmx:afterSwap", (event) => {
  const card = event.detail.elt.closest?.("[data-approval]");
  if (card && document.activeElement === document.body && queue?.contains(card)) link(card).focus({ preventScroll: true });
});
