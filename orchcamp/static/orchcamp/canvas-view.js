// Which part of the drawing the stage shows. While something moves, the picture as it was drawn last is shifted and
// scaled by the compositor, which stays smooth with hundreds of nodes; the view box follows when it comes to rest.

import { drawing, scene, workspace } from "./canvas-scene.js";

const storageKey = () => `canvas:${location.pathname}${scene().down ? ":down" : ""}`; // each flow is left as it was
const MIN = 0.1;
const MAX = 2;
const READABLE = 0.85;
const REST = 140; // milliseconds without a movement until the picture is drawn anew
const FAR = 1400; // pixels beyond which the shifted picture has nothing more to show
const MARGIN = 24;

let view = null; // {x, y, scale}: what the stage shows
let drawn = null; // the same as the view box has it
let box = null; // the stage on the screen; measured when it changes, never while something moves
let resting = 0;
let pinned = false; // a press goes on: the picture is shifted until it ends, however slow the machine is
const listeners = [];

export const ready = () => Boolean(view && box?.width && drawing());
export const scale = () => view?.scale ?? 1;
export const stageBox = () => box;
export const shown = () => ({ x: view.x, y: view.y, width: box.width / view.scale, height: box.height / view.scale });
export const onView = (listener) => listeners.push(listener);

export function measure() {
  const stage = document.getElementById("stage");
  box = stage ? stage.getBoundingClientRect() : null;
}

export function toWorld(at) {
  return { x: view.x + (at.x - box.left) / view.scale, y: view.y + (at.y - box.top) / view.scale };
}

export function toScreen(at) {
  return { x: box.left + (at.x - view.x) * view.scale, y: box.top + (at.y - view.y) * view.scale };
}

export const inside = (at) => at.x >= box.left && at.x <= box.right && at.y >= box.top && at.y <= box.bottom;

// --- drawing it ------------------------------------------------------------------------------------

// Get the picture ready to be shifted: done at a press, so that the first movement is as quick as the others.
export function lift() {
  drawing()?.classList.add("lifted");
}

export function rest() {
  clearTimeout(resting);
  resting = 0;
  const svg = drawing();
  if (!svg || !view || !box?.width) return;
  // A style attribute that htmx copied to the next drawing would offend the content policy, even an empty one, which
  // Chromium leaves unless the attribute was read before it is removed.
  if (svg.getAttribute("style") !== null) svg.removeAttribute("style");
  svg.classList.remove("lifted");
  svg.setAttribute("viewBox", `${view.x} ${view.y} ${box.width / view.scale} ${box.height / view.scale}`);
  drawn = { ...view, svg, down: scene().down };
  sessionStorage.setItem(storageKey(), JSON.stringify(view));
  for (const listener of listeners) listener();
}

function follow() {
  const svg = drawing();
  const factor = view.scale / (drawn?.scale ?? 1);
  const dx = (drawn?.x - view.x) * view.scale;
  const dy = (drawn?.y - view.y) * view.scale;
  if (drawn?.svg !== svg || Math.hypot(dx, dy) > FAR || factor > 2.5 || factor < 0.4) {
    rest();
    lift();
    return;
  }
  lift();
  svg.style.transform = `translate(${dx}px, ${dy}px) scale(${factor})`;
  for (const listener of listeners) listener();
  clearTimeout(resting);
  resting = setTimeout(() => !pinned && rest(), REST);
}

export function pin() {
  pinned = true;
}

export function unpin() {
  pinned = false;
  if (resting) rest();
}

// --- changing it -------------------------------------------------------------------------------------

export function pan(dx, dy) {
  if (!ready()) return;
  view.x -= dx / view.scale;
  view.y -= dy / view.scale;
  follow();
}

export function zoom(factor, at, { live = false } = {}) {
  if (!ready()) return;
  at ??= { x: box.left + box.width / 2, y: box.top + box.height / 2 };
  const before = toWorld(at);
  view.scale = Math.min(MAX, Math.max(MIN, view.scale * factor));
  const after = toWorld(at);
  view.x += before.x - after.x;
  view.y += before.y - after.y;
  if (live) follow();
  else rest();
}

export function lifeSize() {
  zoom(1 / scale());
}

export function fit() {
  if (!box?.width || !drawing()) return;
  const { width, height } = scene();
  const scale = Math.max(MIN, Math.min(1, box.width / width, box.height / height));
  view = { scale, x: Math.min(0, (width - box.width / scale) / 2), y: (height - box.height / scale) / 2 };
  rest();
}

// The middle of the stage to a place of the drawing.
export function centre(at) {
  const { width, height } = shown();
  view.x = at.x - width / 2;
  view.y = at.y - height / 2;
  follow();
}

// At first: as it was left, else all of it; where that would be too small to read, the side where it begins.
export function begin() {
  measure();
  if (!box?.width || !drawing()) return;
  const kept = JSON.parse(sessionStorage.getItem(storageKey()) ?? "null");
  if (kept) {
    view = kept;
    rest();
    return;
  }
  fit();
  if (view.scale >= READABLE) return;
  const { width, height, down } = scene();
  const room = { x: box.width / READABLE, y: box.height / READABLE };
  const first = beginning(down, width, height);
  const along = (size, space, middle) => (size <= space ? (size - space) / 2 : Math.max(0, Math.min(size - space, middle - space / 2)));
  view = { scale: READABLE, x: along(width, room.x, down ? first.x : 0), y: along(height, room.y, down ? 0 : first.y) };
  rest();
}

// The middle of a node that begins: of several, the one that stands nearest to the middle.
function beginning(down, width, height) {
  const middles = [...scene().nodes.values()].map((node) => ({ x: node.x + node.width / 2, y: node.y + node.height / 2 }));
  const late = (at) => (down ? at.y : at.x);
  const aside = (at) => (down ? Math.abs(at.x - width / 2) : Math.abs(at.y - height / 2));
  const edge = Math.min(...middles.map(late)) + 60;
  return middles.filter((at) => late(at) <= edge).sort((a, b) => aside(a) - aside(b))[0] ?? { x: 0, y: 0 };
}

// Bring a node into view when it is selected or new, with what can be added behind it.
export function reveal(id) {
  const node = ready() && scene().nodes.get(id);
  if (!node) return;
  const room = MARGIN / view.scale;
  const { x, y, width, height } = shown();
  const ends = node.outlets.map((outlet) => outlet.end).filter(Boolean);
  const right = Math.max(node.x + node.width, ...ends.map((end) => end.x + 13));
  const bottom = Math.max(node.y + node.height, ...ends.map((end) => end.y + 13));
  const dx = node.x < x + room ? x + room - node.x : Math.min(0, x + width - room - right);
  const dy = node.y < y + room ? y + room - node.y : Math.min(0, y + height - room - bottom);
  if (!dx && !dy) return;
  view.x -= dx;
  view.y -= dy;
  rest();
}

// Before the drawing is replaced nothing of it may be on its way.
document.body.addEventListener("htmx:beforeSwap", ({ detail }) => detail.target.id === "canvas" && resting && rest());

// The drawing was replaced, or its stage is another size.
export function settle() {
  measure();
  if (view && drawn?.down === scene()?.down) rest();
  else begin();
}

// --- the stage ---------------------------------------------------------------------------------------

const watch = new ResizeObserver(settle);

export function watchStage() {
  watch.disconnect();
  watch.observe(document.getElementById("stage") ?? workspace);
}
