// The menu of one node, from the outline, from its panel or by the other button of the mouse; and the keys of the
// outline, which do what the same keys do on the canvas.

import { behind, editable, panel, workspace } from "./canvas-scene.js";
import { copy, cut, pasteFromButton } from "./canvas-clipboard.js";
import { deed } from "./canvas-deeds.js";
import { openFor } from "./canvas-history.js";

const menu = document.getElementById("node-menu");
const popover = document.getElementById("palette-popover");
let opener = null; // the button, or the card, that asked for the menu

// --- where it opens ----------------------------------------------------------------------------------

workspace.addEventListener("click", (event) => {
  const button = event.target.closest("[data-node-menu]");
  if (button) opener = { id: button.id, at: corner(button) };
});

function corner(element) {
  const box = element.getBoundingClientRect();
  return { x: box.right - 300, y: box.bottom + 4 };
}

workspace.addEventListener("contextmenu", (event) => {
  const card = event.target.closest("a[data-node]");
  if (!card || !editable()) return;
  event.preventDefault();
  open(card, event.clientX ? { x: event.clientX, y: event.clientY } : corner(card)); // by key: below the card
});

function open(card, at) {
  opener = { id: card.id, at };
  const address = menu.dataset.address.replace("NODE", encodeURIComponent(card.dataset.node));
  htmx.ajax("GET", address, { target: menu, swap: "innerHTML" });
}

document.body.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (detail.target !== menu) return;
  if (!menu.matches(":popover-open")) menu.showPopover();
  const own = menu.getBoundingClientRect();
  const { x, y } = opener?.at ?? { x: 0, y: 0 };
  menu.style.left = `${Math.max(12, Math.min(x, innerWidth - own.width - 12))}px`;
  menu.style.top = `${Math.max(12, Math.min(y, innerHeight - own.height - 12))}px`;
  menu.querySelector("button")?.focus();
});

// --- in it -------------------------------------------------------------------------------------------

menu.addEventListener("keydown", (event) => {
  const buttons = [...menu.querySelectorAll("button")];
  const last = buttons.length - 1;
  const at = buttons.indexOf(document.activeElement);
  const to = { ArrowDown: at === last ? 0 : at + 1, ArrowUp: at <= 0 ? last : at - 1, Home: 0, End: last }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  buttons[to].focus();
});

menu.addEventListener("toggle", (event) => {
  if (event.newState === "closed" && (menu.contains(document.activeElement) || document.activeElement === document.body)) {
    document.getElementById(opener?.id)?.focus({ preventScroll: true });
  }
});

menu.addEventListener("click", (event) => {
  if (event.target.closest("button")) setTimeout(() => menu.matches(":popover-open") && menu.hidePopover());
});

// --- the clipboard, from a menu ------------------------------------------------------------------------

document.addEventListener("click", (event) => {
  const button = event.target.closest?.(".node-actions [data-clip-copy], .node-actions [data-clip-cut], .node-actions [data-clip-paste]");
  if (!button) return;
  const { clipCopy, clipCut, clipPaste } = button.dataset;
  if (clipCopy) copy([clipCopy]);
  else if (clipCut) cut([clipCut]);
  else pasteFromButton(behind(clipPaste));
  const details = button.closest("details.menu");
  if (details) details.open = false;
});

// What this browser remembers of the last copy stands in the form for pasting already.
document.body.addEventListener("htmx:afterSwap", ({ detail }) => {
  const field = detail.target === panel && panel.querySelector("[data-clipboard]");
  const kept = field && JSON.parse(localStorage.getItem("canvas-clipboard") ?? "null");
  if (kept) field.value = kept.text;
});

// --- keys in the outline -------------------------------------------------------------------------------

const outlined = {
  F2: (card) => {
    openFor("rename");
    card.click();
  },
  Delete: (card, event) => deed("remove", { node: card.dataset.node, ...(event.shiftKey ? { branch: 1 } : {}) }),
  d: (card) => turn(card, "disabled"),
  b: (card) => turn(card, "breakpoint"),
  m: (card) => open(card, corner(card)),
};

const commands = {
  c: (card) => copy([card.dataset.node]),
  x: (card) => cut([card.dataset.node]),
  d: (card) => deed("duplicate", { node: card.dataset.node }),
};

function turn(card, what) {
  const on = card.dataset[what] === undefined;
  deed("switch", { node: card.dataset.node, [what]: on ? 1 : 0 });
}

workspace.addEventListener("keydown", (event) => {
  const card = event.target.closest(".outline-card");
  if (!card || event.altKey || event.defaultPrevented) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const does = event.ctrlKey || event.metaKey ? commands[key] : outlined[key];
  if (!does || (key !== "c" && !editable()) || (key === "c" && String(getSelection()))) return;
  event.preventDefault();
  does(card, event);
});

// A palette that opens from the menu's place closes it.
popover.addEventListener("toggle", (event) => event.newState === "open" && menu.matches(":popover-open") && menu.hidePopover());
