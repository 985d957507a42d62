// The queue of approvals by keyboard: one request after the other, each key presses what carries it (aria-keyshortcuts);
// a decision leads to the next request. And the bar that approves together what is ticked.

const queue = document.querySelector("[data-queue]");
const cards = () => [...(queue?.querySelectorAll("[data-approval]") ?? [])];
const link = (card) => card.querySelector(".approval-link");
const isOpen = (card) => card.classList.contains("approval-open");
const FIELDS = "input:not([type=checkbox]), textarea, select, [contenteditable], dialog";

function current() {
  const all = cards();
  return all.find((card) => card.contains(document.activeElement)) ?? all.find(isOpen) ?? all[0];
}

function focus(card) {
  link(card).focus();
  card.scrollIntoView({ block: "nearest" });
}

function go(step) {
  const all = cards();
  const here = all.findIndex((card) => card.contains(document.activeElement));
  const next = all[here < 0 ? 0 : Math.min(Math.max(here + step, 0), all.length - 1)];
  if (next) focus(next);
}

// --- keys ----------------------------------------------------------------------------------------

function tick(card) {
  card.querySelector("[data-tick]")?.click();
}

function press(card, key) {
  const control = card.querySelector(`[aria-keyshortcuts="${key}"]`);
  if (!control) {
    if (!isOpen(card)) link(card).click(); // nobody decides unseen: the key opens it first
    return;
  }
  if (control.localName !== "summary") return control.click();
  const deed = control.parentElement;
  shut(card, deed);
  deed.open = true;
  deed.querySelector("textarea, select")?.focus();
}

function shut(card, but = null) {
  const open = [...card.querySelectorAll(".deed[open]")].filter((deed) => deed !== but);
  for (const deed of open) deed.open = false;
  return open.length > 0;
}

document.addEventListener("keydown", (event) => {
  if (!queue || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const within = event.target.closest?.(".deed[open]");
  if (event.key === "Escape" && within) {
    within.open = false;
    within.querySelector("summary").focus();
    return;
  }
  if (event.target.closest?.(FIELDS)) return;
  const inQueue = queue.contains(document.activeElement);
  const key = event.key.toLowerCase();
  if (key === "j" || (inQueue && event.key === "ArrowDown")) go(1);
  else if (key === "k" || (inQueue && event.key === "ArrowUp")) go(-1);
  else if (key === "x" && current()) tick(current());
  else if (["a", "m", "b", "g", "w"].includes(key) && current()) press(current(), key);
  else return;
  event.preventDefault();
});

// One form at a time.
document.addEventListener("toggle", (event) => {
  const deed = event.target;
  if (deed.matches?.(".deed[open]")) shut(deed.closest("[data-approval]"), deed);
}, true);

// --- after a decision ----------------------------------------------------------------------------

document.body.addEventListener("approval-decided", (event) => {
  const decided = document.getElementById(`approval-${event.detail.id}`);
  const all = cards().filter((card) => card !== decided);
  const after = (card) => !decided || decided.compareDocumentPosition(card) & Node.DOCUMENT_POSITION_FOLLOWING;
  const next = all.find(after) ?? all[0];
  count();
  if (!next) {
    showEmpty();
    decided?.focus();
    return;
  }
  focus(next);
  if (!isOpen(next)) link(next).click();
});

function showEmpty() {
  const empty = document.getElementById("queue-empty");
  if (empty) empty.hidden = cards().length > 0;
}

// A request that was opened or closed keeps the focus on its title; a form with a fault has it on the fault.
document.body.addEventListener("htmx:afterSwap", (event) => {
  const card = event.detail.elt.closest?.("[data-approval]");
  if (!card || !queue?.contains(card)) return;
  const fault = card.querySelector(".field-invalid textarea, .field-invalid select");
  if (fault) fault.focus();
  else if (document.activeElement === document.body) link(card).focus({ preventScroll: true });
});

// --- several together ----------------------------------------------------------------------------

const bar = document.querySelector("[data-many]");

function count() {
  if (!bar) return;
  const ticked = document.querySelectorAll("[data-tick]:checked").length;
  bar.querySelector("[data-ticked]").textContent = String(ticked);
  bar.classList.toggle("many-ready", ticked > 0);
  bar.hidden = !document.querySelector("[data-tick]");
}

document.addEventListener("change", (event) => {
  if (event.target.matches?.("[data-tick]")) count();
});

document.body.addEventListener("approvals-decided", () => {
  count();
  showEmpty();
  document.getElementById("many-results")?.focus();
});

count();
