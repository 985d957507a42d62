// Moving the view by wheel, by dragging, by two fingers, and with the space bar held.

import { drawing, workspace } from "./canvas-scene.js";
import { cancel, dragging, holding } from "./canvas-press.js";
import { lift, measure, pan, pin, ready, rest, unpin, zoom } from "./canvas-view.js";

const fingers = new Map();
let space = false;

export const spaceHeld = () => space;

export function panning({ slack = 0, otherwise = null } = {}) {
  let last = null;
  return {
    slack,
    long: false,
    begin(at) {
      last = at;
      lift();
      workspace.classList.add("panning");
    },
    move(at) {
      if (fingers.size > 1) return;
      pan(at.x - last.x, at.y - last.y);
      last = at;
    },
    end(at) {
      workspace.classList.remove("panning");
      rest();
      otherwise?.(at);
    },
    cancel() {
      workspace.classList.remove("panning");
      rest();
    },
  };
}

// --- two fingers -----------------------------------------------------------------------------------

// True when a second finger came down: then both pinch, whatever the first had begun.
export function pinches(event) {
  if (event.pointerType !== "touch") return false;
  fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  if (fingers.size < 2) return false;
  if (holding()) cancel();
  lift();
  pin();
  return true;
}

const between = (a, b) => Math.hypot(a.x - b.x, a.y - b.y) || 1;
const middle = (a, b) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });

addEventListener("pointermove", (event) => {
  const before = fingers.get(event.pointerId);
  if (!before) return;
  const now = { x: event.clientX, y: event.clientY };
  fingers.set(event.pointerId, now);
  if (fingers.size !== 2 || !ready()) return;
  const other = [...fingers].find(([id]) => id !== event.pointerId)[1];
  const [from, to] = [middle(before, other), middle(now, other)];
  pan(to.x - from.x, to.y - from.y);
  zoom(between(now, other) / between(before, other), to, { live: true });
});
for (const kind of ["pointerup", "pointercancel"]) {
  addEventListener(kind, (event) => fingers.delete(event.pointerId) && fingers.size === 1 && unpin());
}

// --- wheel -----------------------------------------------------------------------------------------

workspace.addEventListener(
  "wheel",
  (event) => {
    if (!event.target.closest("#drawing") || !ready()) return;
    event.preventDefault();
    measure();
    const unit = event.deltaMode === 1 ? 30 : 1;
    const at = { x: event.clientX, y: event.clientY };
    if (event.ctrlKey || event.metaKey) zoom(Math.exp(-event.deltaY * unit * 0.01), at, { live: true });
    else if (event.shiftKey && !event.deltaX) pan(-event.deltaY * unit, 0);
    else pan(-event.deltaX * unit, -event.deltaY * unit);
  },
  { passive: false },
);

// --- space -----------------------------------------------------------------------------------------

const busy = (target) => target.closest?.("input, textarea, select, button, summary, [contenteditable], dialog, [popover], .side-panel");

addEventListener("keydown", (event) => {
  if (event.key !== " " || busy(event.target) || !drawing()) return;
  event.preventDefault(); // the page does not scroll
  if (event.repeat) return;
  space = true;
  workspace.classList.add("pannable");
});

function letGo() {
  space = false;
  workspace.classList.remove("pannable");
}

addEventListener("keyup", (event) => event.key === " " && letGo());
addEventListener("blur", () => !dragging() && letGo());
