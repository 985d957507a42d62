// Undo and redo by keyboard, who else is here, and where the keyboard goes on after a change.

import { panel } from "./canvas-scene.js";
import { shownNode } from "./canvas-selection.js";
import { dirty } from "./canvas-unsaved.js";

const FIELDS = "input, textarea, select, [contenteditable], dialog";
const PRESENCE = 10_000; // milliseconds between two signs of life
const conflict = document.getElementById("conflict");

// --- keys ------------------------------------------------------------------------------------------

document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.defaultPrevented) return;
  if (event.target.closest?.(FIELDS)) return; // a field undoes its own typing
  const key = event.key.toLowerCase();
  const id = key === "z" ? (event.shiftKey ? "redo" : "undo") : key === "y" && !event.shiftKey ? "redo" : "";
  if (!id) return;
  event.preventDefault();
  document.querySelector(`button#${id}`)?.click();
});

// The panel of the node that is open follows, unless something is typed in it.
document.body.addEventListener("htmx:configRequest", ({ detail }) => {
  if (detail.elt.matches("[data-history-step]") && shownNode() && !dirty()) detail.parameters.panel = shownNode();
  if (detail.elt.id === "presence") detail.parameters.node = shownNode();
});

// --- who else is here --------------------------------------------------------------------------------

function sign() {
  const presence = document.getElementById("presence");
  if (presence) htmx.trigger(presence, "presence-due");
}

setInterval(sign, PRESENCE);
sign();

// --- a change that came too late -----------------------------------------------------------------------

conflict.addEventListener("click", (event) => {
  if (event.target.closest("[data-close-conflict]")) conflict.replaceChildren();
});
conflict.addEventListener("htmx:beforeRequest", () => conflict.replaceChildren());
document.body.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (detail.target === conflict) conflict.querySelector("button")?.focus();
});

// --- where the keyboard goes on --------------------------------------------------------------------------

let wanted = "";

document.body.addEventListener("canvas-changed", ({ detail }) => {
  if (detail?.focus) wanted = detail.focus;
});

const lost = () => !document.activeElement || document.activeElement === document.body;

document.body.addEventListener("htmx:load", (event) => {
  if (event.target.id !== "canvas" || !wanted) return;
  const id = wanted;
  wanted = "";
  setTimeout(() => {
    const card = document.getElementById(`outline-${id}`);
    if (lost() && card?.checkVisibility()) card.focus();
  });
});

// What a link of the outline points to gets the focus too.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.('.outline-view a[href^="#outline-"]');
  if (!link) return;
  event.preventDefault();
  document.getElementById(link.getAttribute("href").slice(1))?.focus();
});

// A node's panel that was opened to rename it, or to connect it, begins there.
let purpose = "";

export function openFor(what) {
  purpose = what;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-to-rename], [data-to-connect]");
  if (button) purpose = button.dataset.toRename ? "rename" : "connect";
});

const found = (selector) => panel.querySelector(selector);

panel.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (detail.target !== panel || !purpose) return;
  if (purpose === "rename") openRename();
  else (["[data-joins] #join-source", "#leads select", "#join-source", "#leads button"].map(found).find(Boolean) ?? panel).focus();
  purpose = "";
});

export function openRename() {
  const rename = panel.querySelector("details.rename");
  if (!rename) return;
  rename.open = true;
  rename.querySelector("input[name=name]").select();
}

panel.addEventListener(
  "toggle",
  (event) => {
    if (event.target.matches("details.rename") && event.target.open) event.target.querySelector("input[name=name]").select();
  },
  true,
);

// In the panel F2 renames its node; on the canvas the card is written on.
document.addEventListener("keydown", (event) => {
  if (event.key !== "F2" || event.defaultPrevented) return;
  if (event.target.closest?.("#panel") && panel.querySelector("details.rename")) {
    event.preventDefault();
    openRename();
  }
});
