// One press at a time, from pointerdown to its end: when it becomes a drag, where it is, how it ends.
// A gesture is {begin, move, end, cancel}, all optional; each gets where the pointer is. Movements are handed on once
// per frame. Escape cancels, and so does the browser; what moved less than a few pixels stays a click.

import { drawing, workspace } from "./canvas-scene.js";
import { inside, pan, pin, ready, stageBox, unpin } from "./canvas-view.js";

const SLACK = 4;
const LONG = 450; // milliseconds after which a finger that lies still begins a drag
const EDGE = 40; // so near to its edge the stage moves along
let held = null;
let swallow = false; // the click that follows a drag is none

const spot = (event) => ({ x: event.clientX, y: event.clientY, alt: event.altKey, shift: event.shiftKey, touch: event.pointerType === "touch" });

export const dragging = () => Boolean(held?.begun);
export const holding = () => Boolean(held);

// ``slack: 0`` begins at once; ``edges`` moves the stage when the pointer comes to its edge; ``instead`` is what a
// finger does that moves before its press was long.
export function hold(event, gesture) {
  if (held) cancel();
  held = { gesture, id: event.pointerId, from: spot(event), last: spot(event), begun: false, frame: 0, timer: 0 };
  if (held.from.touch && gesture.long !== false && gesture.slack !== 0) held.timer = setTimeout(start, LONG);
  if (gesture.slack === 0) start();
}

function start() {
  clearTimeout(held.timer);
  held.timer = 0;
  held.begun = true;
  swallow = true;
  pin();
  try {
    workspace.setPointerCapture(held.id);
  } catch {
    // the pointer is gone already; its end was heard, or will be
  }
  held.gesture.begin?.(held.from);
  if (held.from.touch) navigator.vibrate?.(12);
}

function step() {
  if (!held) return;
  held.frame = 0;
  held.gesture.move?.(held.last);
  if (held.gesture.edges && ready() && inside(held.last) && edge(held.last)) ask();
}

// What comes from outside has to have been well inside before the stage moves along.

function ask() {
  held.frame ||= requestAnimationFrame(step);
}

function edge(at) {
  const box = stageBox();
  const along = (from, to, value) => (value < from + EDGE ? from + EDGE - value : Math.min(0, to - EDGE - value)) / 4;
  const [dx, dy] = [along(box.left, box.right, at.x), along(box.top, box.bottom, at.y)];
  if (!dx && !dy) held.within = true;
  else if (held.within) pan(dx, dy);
  return held.within && (dx || dy);
}

function over(how, at) {
  const { gesture, begun, id, frame, timer } = held;
  clearTimeout(timer);
  cancelAnimationFrame(frame);
  held = null;
  if (workspace.hasPointerCapture(id)) workspace.releasePointerCapture(id);
  if (!begun) return;
  unpin();
  if (how === "end") gesture.move?.(at);
  gesture[how]?.(at);
  setTimeout(() => (swallow = false)); // no click followed
}

export function cancel() {
  if (held) over("cancel", held.last);
}

addEventListener("pointermove", (event) => {
  if (event.pointerId !== held?.id) return;
  held.last = spot(event);
  if (!held.begun) {
    if (Math.hypot(held.last.x - held.from.x, held.last.y - held.from.y) < SLACK) return;
    if (held.timer && !becomes(held.gesture.instead)) return;
    start();
  }
  ask();
});

function becomes(gesture) {
  clearTimeout(held.timer);
  held.timer = 0;
  if (gesture) held.gesture = gesture;
  else held = null;
  return Boolean(gesture);
}

addEventListener("pointerup", (event) => {
  if (event.pointerId === held?.id) over("end", spot(event));
});
addEventListener("pointercancel", (event) => {
  if (event.pointerId === held?.id) cancel();
});
addEventListener("blur", cancel);

addEventListener(
  "keydown",
  (event) => {
    if (event.key === "Escape" && dragging()) {
      event.stopImmediatePropagation();
      event.preventDefault();
      cancel();
    } else if (event.key === "Alt") alternate(event, true);
  },
  true,
);
addEventListener("keyup", (event) => event.key === "Alt" && alternate(event, false), true);

function alternate(event, alt) {
  if (!dragging()) return;
  event.preventDefault();
  held.last.alt = alt;
  ask();
}

addEventListener(
  "click",
  (event) => {
    if (!swallow) return;
    swallow = false;
    event.stopImmediatePropagation();
    event.preventDefault();
  },
  true,
);
addEventListener("pointerdown", () => (swallow = held ? swallow : false), true);

// A finger that drags does not scroll the page, and links are not dragged away by the browser.
addEventListener("touchmove", (event) => dragging() && event.cancelable && event.preventDefault(), { passive: false });
workspace.addEventListener("dragstart", (event) => {
  if (drawing()?.contains(event.target) || event.target.closest?.(".palette-item")) event.preventDefault();
});
workspace.addEventListener("contextmenu", (event) => held?.from.touch && event.preventDefault());
