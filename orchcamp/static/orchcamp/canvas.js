// The canvas under the pointer: what a press begins, and what must be done anew after every swap. The drawing comes
// from the server and is replaced whole after every change; the view box, the selection and the focus outlive it.

import { drawing, editable, forget, panel, workspace } from "./canvas-scene.js";
import { connecting } from "./canvas-connect.js";
import { focusLater, focusWanted } from "./canvas-deeds.js";
import { nodeDrag } from "./canvas-drag.js";
import "./canvas-keys.js";
import "./canvas-map.js";
import { noteDrag, openNote } from "./canvas-notes.js";
import { panning, pinches, spaceHeld } from "./canvas-pan.js";
import { hold } from "./canvas-press.js";
import { keepRenaming, rename } from "./canvas-rename.js";
import { boxing, clear, closePanel, enterPanel, mark, selecting, shownNode } from "./canvas-selection.js";
import { begin, fit, lifeSize, measure, onView, ready, reveal, scale, settle, watchStage, zoom } from "./canvas-view.js";

let telling = false; // the answer that brought the panel is to tell, once it is settled, that the canvas changed
let revealing = false; // the panel's node is shown when the drawing of that change is there
const popover = document.getElementById("palette-popover");

// --- presses ---------------------------------------------------------------------------------------

workspace.addEventListener("pointerdown", (event) => {
  if (!event.target.closest("#drawing") || event.button > 1 || !ready()) return;
  measure();
  if (pinches(event)) return;
  const gesture = meant(event);
  if (!gesture) return;
  if (event.button === 1) event.preventDefault(); // no scrolling by the middle button
  hold(event, gesture);
});

function meant(event) {
  const touch = event.pointerType === "touch";
  const at = { x: event.clientX, y: event.clientY };
  if (event.button === 1 || spaceHeld()) return panning();
  if (event.target.closest(".node-rename")) return null;
  const note = editable() && event.target.closest(".note[data-note]");
  if (note) return noteDrag(note, panning());
  const card = event.target.closest("a.node");
  if (card && editable()) return nodeDrag(card, panning());
  const line = event.target.closest("button") ? null : connecting(at);
  if (line) return line;
  if (event.target.closest("a, button")) return touch ? panning({ slack: 4 }) : null;
  if (event.shiftKey || selecting()) return boxing(event.shiftKey);
  return panning({ slack: 4 });
}

// A click on empty ground lets go of the selection.
workspace.addEventListener("click", (event) => {
  if (event.target.closest("#drawing") && !event.target.closest("a, button, .note, input")) clear();
  if (event.target.closest("[data-close-panel]")) {
    event.preventDefault();
    closePanel();
  }
  if (event.target.closest("[data-reload-canvas]")) htmx.trigger(document.body, "canvas-changed", {});
  const zoomed = event.target.closest("[data-zoom]")?.dataset.zoom;
  if (zoomed) ({ in: () => zoom(1.25), out: () => zoom(0.8), fit, life: lifeSize })[zoomed]();
});

workspace.addEventListener("dblclick", (event) => {
  const card = event.target.closest("a.node");
  if (card && editable()) rename(card.dataset.node);
  const note = event.target.closest(".note[data-note]");
  if (note) openNote(note);
});

const percent = document.getElementById("zoom-percent");
onView(() => {
  const text = `${Math.round(scale() * 100)} %`;
  if (percent.textContent !== text) percent.textContent = text;
});

// --- after a swap ----------------------------------------------------------------------------------

document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target !== panel) return;
  if (!document.activeElement?.matches(".node-rename")) enterPanel();
  if (popover.matches(":popover-open")) popover.hidePopover();
  settle(); // the panel may have made the stage narrower
  mark();
  telling = event.detail.xhr?.getResponseHeader("HX-Trigger-After-Settle")?.includes("canvas-changed") ?? false;
  if (shownNode()) reveal(shownNode());
});

// Who types a name goes on at once: a key that came before the new drawing is settled would be taken for the canvas.
document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id !== "canvas") return;
  forget();
  keepRenaming();
});

document.body.addEventListener("htmx:oobAfterSwap", mark);

// What changes while a drawing is on its way would be forgotten with the old one: then it is asked for once more.
let again = false;
document.addEventListener("canvas-changed", () => (again = true), true);
document.body.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.id === "canvas") again = false;
});

// An answer to a button that was drawn anew in the meantime tells nobody, for its events end at the button; so the
// request itself is listened to.
document.body.addEventListener("htmx:beforeRequest", ({ detail: { elt, xhr } }) => {
  xhr.addEventListener("loadend", () => {
    const told = xhr.getResponseHeader("HX-Trigger")?.includes("canvas-changed");
    if (told && !elt.isConnected) htmx.trigger(document.body, "canvas-changed", {});
  });
});

// The new drawing is settled in the page by now, under the same view box as the old one.
document.body.addEventListener("htmx:load", (event) => {
  if (event.target.id !== "canvas") return;
  const older = again;
  if (older) {
    again = false;
    setTimeout(() => htmx.trigger(document.body, "canvas-changed", {}));
  }
  renew();
  revealing &&= older;
});

function renew() {
  forget();
  watchStage();
  settle();
  mark();
  keepRenaming();
  focusWanted();
  if (revealing) reveal(shownNode());
}

// Our own change made the canvas one revision younger: a form that is open goes on from there, and does not take
// it for somebody else's.
document.body.addEventListener("canvas-changed", (event) => {
  const revision = Number(event.detail?.revision);
  if (!revision) return;
  for (const input of panel.querySelectorAll("input[name=revision]")) {
    if (Number(input.value) === revision - 1) input.value = String(revision);
  }
  if (event.detail.focus) focusLater(event.detail.focus);
  revealing ||= telling;
  telling = false;
});

begin();
watchStage();
mark();
if (drawing() && shownNode()) reveal(shownNode());
