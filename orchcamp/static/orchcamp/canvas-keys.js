// The keys of the canvas. They leave alone whoever types in a field or has text selected.

import { drawing, editable, panel, scene } from "./canvas-scene.js";
import { copy, cut, paste, pasteFromButton } from "./canvas-clipboard.js";
import { duplicate, remove, turn } from "./canvas-deeds.js";
import { toggleMap } from "./canvas-map.js";
import { dragging } from "./canvas-press.js";
import { askRemoval } from "./canvas-removal.js";
import { rename } from "./canvas-rename.js";
import { chooseAll, clear, closePanel, selecting, several, subjects, toggleTool, walk } from "./canvas-selection.js";
import { fit, lifeSize, ready, zoom } from "./canvas-view.js";

const FIELDS = "input, textarea, select, [contenteditable], dialog, [popover]";
const bar = document.getElementById("selection-bar");

// What is done to the selection; null where it may not be.
const deeds = {
  copy: (ids) => copy(ids),
  cut: (ids) => editable() && cut(ids),
  duplicate: (ids) => editable() && duplicate(ids),
  disabled: (ids) => editable() && turn(ids, "disabled"),
  breakpoint: (ids) => editable() && turn(ids, "breakpoint"),
  remove: (ids) => editable() && askRemoval(ids),
  removeAlone: (ids) => editable() && remove(ids, false),
  removeBranch: (ids) => editable() && remove(ids, true),
  rename: (ids) => editable() && rename(ids[0]),
};

export function act(name) {
  const ids = subjects();
  if (ids.length) deeds[name](ids);
  return ids.length > 0;
}

const free = (event) => !event.target.closest?.(FIELDS) && !dragging();
const textSelected = () => Boolean(String(getSelection()));
const onCanvas = () => ready() && Boolean(drawing());

// --- with Ctrl or Cmd ----------------------------------------------------------------------------------

function command(event) {
  const key = event.key.toLowerCase();
  if (event.altKey || (event.shiftKey && key !== "d")) return false;
  if (key === "a") return chooseAll() ?? true;
  if (key === "c") return !textSelected() && act("copy");
  if (key === "x") return !textSelected() && act("cut");
  if (key === "d") return act("duplicate") || true; // never a bookmark by mistake
  return false;
}

// --- alone -----------------------------------------------------------------------------------------

const plain = {
  Delete: (event) => act(event.shiftKey ? "removeBranch" : "remove"),
  Backspace: (event) => act(event.shiftKey ? "removeBranch" : "remove"),
  F2: () => act("rename"),
  d: () => act("disabled"),
  b: () => act("breakpoint"),
  m: () => toggleMap(),
  s: () => toggleTool(),
  "+": () => zoom(1.25),
  "=": () => zoom(1.25),
  "-": () => zoom(0.8),
  0: () => fit(),
  1: () => lifeSize(),
};

function escape() {
  if (document.querySelector("details.menu[open]")) return;
  if (several()) clear();
  else if (selecting()) toggleTool();
  else if (panel.firstElementChild) closePanel();
}

document.addEventListener("keydown", (event) => {
  if (!free(event) || event.defaultPrevented) return;
  if (event.key === "Escape") return escape();
  if (!onCanvas()) return;
  const within = event.target.closest("#panel");
  if (event.ctrlKey || event.metaKey) {
    if (!within && command(event)) event.preventDefault();
    return;
  }
  if (event.altKey) return;
  const card = event.target.closest("a.node");
  if (event.key.startsWith("Arrow") && card) {
    event.preventDefault();
    walk(card, event.key, event.shiftKey);
    return;
  }
  const deed = plain[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!deed || (event.shiftKey && event.key.length === 1 && /[a-z]/i.test(event.key))) return;
  event.preventDefault();
  deed(event);
});

// The browser hands over the clipboard with its own event, without asking anybody.
document.addEventListener("paste", (event) => {
  if (!free(event) || !editable() || event.target.closest?.("#panel") || !scene()) return;
  event.preventDefault();
  paste(event.clipboardData?.getData("text/plain") ?? null);
});

// --- the bar -----------------------------------------------------------------------------------------

bar.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-act]");
  if (!button) return;
  if (button.dataset.act === "clear") clear();
  else if (button.dataset.act === "paste") pasteFromButton();
  else act(button.dataset.act);
});
