// The canvas under the pointer: pan, zoom, connect, drop; what is selected.
// The drawing itself comes from the server and is replaced whole after every change; nothing here outlives a swap
// but the view box and the selection.

const workspace = document.getElementById("workspace");
const panel = document.getElementById("panel");
const popover = document.getElementById("palette-popover");
const storageKey = `canvas:${location.pathname}`;
const MIN = 0.2;
const MAX = 2;
let view = null; // {x, y, scale}: what part of the drawing the stage shows

const drawing = () => document.getElementById("drawing");
const size = () => ({ width: Number(drawing().dataset.width), height: Number(drawing().dataset.height) });

// --- what is shown -------------------------------------------------------------------------------

function apply() {
  const svg = drawing();
  if (!svg || !view) return;
  const { width, height } = svg.getBoundingClientRect();
  if (!width) return;
  svg.setAttribute("viewBox", `${view.x} ${view.y} ${width / view.scale} ${height / view.scale}`);
}

function fit() {
  const svg = drawing();
  if (!svg) return;
  const stage = svg.getBoundingClientRect();
  if (!stage.width) return;
  const { width, height } = size();
  const scale = Math.max(MIN, Math.min(1, stage.width / width, stage.height / height));
  view = { scale, x: Math.min(0, (width - stage.width / scale) / 2), y: (height - stage.height / scale) / 2 };
  apply();
}

// At first: life-size from the left if the whole would be too small to read.
function begin() {
  const svg = drawing();
  if (!svg || !svg.getBoundingClientRect().width) return;
  const kept = JSON.parse(sessionStorage.getItem(storageKey) ?? "null");
  if (kept) {
    view = kept;
    apply();
    return;
  }
  fit();
  if (view.scale < 0.85) zoom(0.85 / view.scale, { x: svg.getBoundingClientRect().left, y: middle().y });
}

function remember() {
  if (view) sessionStorage.setItem(storageKey, JSON.stringify(view));
}

function middle() {
  const box = drawing().getBoundingClientRect();
  return { x: box.left + box.width / 2, y: box.top + box.height / 2 };
}

function point(at) {
  const box = drawing().getBoundingClientRect();
  return { x: view.x + (at.x - box.left) / view.scale, y: view.y + (at.y - box.top) / view.scale };
}

function zoom(factor, at = middle()) {
  const before = point(at);
  view.scale = Math.min(MAX, Math.max(MIN, view.scale * factor));
  const after = point(at);
  view.x += before.x - after.x;
  view.y += before.y - after.y;
  apply();
  remember();
}

function pan(dx, dy) {
  view.x -= dx / view.scale;
  view.y -= dy / view.scale;
  apply();
}

// Bring a node into view when it is selected or new.
function reveal(id) {
  const node = document.getElementById(`node-${id}`);
  if (!node || !view || !drawing()) return;
  const stage = drawing().getBoundingClientRect();
  const box = node.getBoundingClientRect();
  const room = 24;
  const dx = box.left < stage.left + room ? stage.left + room - box.left : Math.min(0, stage.right - room - box.right);
  const dy = box.top < stage.top + room ? stage.top + room - box.top : Math.min(0, stage.bottom - room - box.bottom);
  if (dx || dy) pan(dx, dy);
  remember();
}

new ResizeObserver(() => (view ? apply() : begin())).observe(workspace);

// --- selection -----------------------------------------------------------------------------------

function selected() {
  return panel.querySelector("[data-node]")?.dataset.node ?? "";
}

function mark() {
  const node = selected();
  const transition = panel.querySelector("[data-transition]")?.dataset.transition ?? "";
  for (const card of workspace.querySelectorAll("a[data-node]")) {
    card.classList.toggle("selected", card.dataset.node === node);
    if (card.dataset.node === node) card.setAttribute("aria-current", "true");
    else card.removeAttribute("aria-current");
  }
  for (const exit of workspace.querySelectorAll("a[data-transition]")) {
    exit.classList.toggle("selected", exit.dataset.transition === transition);
  }
  const after = workspace.querySelector("[data-selected]");
  if (after) after.value = node || (transition && document.getElementById(`exit-${transition}`)?.dataset.of) || "";
}

function closePanel() {
  const node = selected();
  panel.replaceChildren();
  apply();
  mark();
  history.replaceState(history.state, "", workspace.dataset.address + keptQuery());
  document.getElementById(`node-${node}`)?.focus({ preventScroll: true });
}

function keptQuery() {
  const wanted = new URLSearchParams(location.search).get("view");
  return wanted ? `?view=${wanted}` : "";
}

workspace.addEventListener("click", (event) => {
  if (event.target.closest("[data-close-panel]")) {
    event.preventDefault();
    closePanel();
  }
  if (event.target.closest("[data-reload-canvas]")) htmx.trigger(document.body, "canvas-changed", {});
  const zoomed = event.target.closest("[data-zoom]")?.dataset.zoom;
  if (zoomed === "in") zoom(1.25);
  if (zoomed === "out") zoom(0.8);
  if (zoomed === "fit") {
    fit();
    remember();
  }
});

// --- after a swap --------------------------------------------------------------------------------

document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target !== panel) return;
  panel.querySelector("[autofocus]")?.focus();
  if (popover.matches(":popover-open")) popover.hidePopover();
  apply(); // the panel may have made the stage narrower
  mark();
  if (selected()) reveal(selected());
});

// The new drawing is settled in the page by now, under the same view box as the old one.
document.body.addEventListener("htmx:afterSettle", () => {
  if (!drawing()) return;
  if (view) apply();
  else begin();
  mark();
});

document.body.addEventListener("htmx:oobAfterSwap", mark);
document.body.addEventListener("htmx:load", (event) => {
  if (event.target.id !== "canvas") return;
  if (view) apply();
  else begin();
  mark();
});

// Our own change made the canvas one revision younger: a form that is open goes on from there, and does not take
// it for somebody else's.
document.body.addEventListener("canvas-changed", (event) => {
  const revision = Number(event.detail?.revision);
  if (!revision) return;
  for (const input of panel.querySelectorAll("input[name=revision]")) {
    if (Number(input.value) === revision - 1) input.value = String(revision);
  }
  setTimeout(() => selected() && reveal(selected()), 250);
});

// --- pointer: pan, connect -----------------------------------------------------------------------

const pointers = new Map();
let drag = null; // {kind: "pan"} or {kind: "connect", source, port, from}

workspace.addEventListener("pointerdown", (event) => {
  const svg = event.target.closest("#drawing");
  if (!svg || event.button > 1 || !view) return;
  const port = workspace.classList.contains("workspace-editable") && event.target.closest(".port-out");
  if (port) {
    drag = { kind: "connect", ...port.dataset, from: { x: Number(port.getAttribute("cx")), y: Number(port.getAttribute("cy")) } };
    svg.setPointerCapture(event.pointerId);
    event.preventDefault();
    return;
  }
  if (event.target.closest("a, button")) return;
  pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  drag = { kind: "pan" };
  svg.setPointerCapture(event.pointerId);
  svg.classList.add("panning");
});

workspace.addEventListener("pointermove", (event) => {
  if (drag?.kind === "connect") {
    pull(event);
    return;
  }
  const before = pointers.get(event.pointerId);
  if (!before) return;
  const now = { x: event.clientX, y: event.clientY };
  if (pointers.size === 2) pinch(event.pointerId, before, now);
  else pan(now.x - before.x, now.y - before.y);
  pointers.set(event.pointerId, now);
});

function pinch(id, before, now) {
  const other = [...pointers].find(([key]) => key !== id)[1];
  const distance = (a, b) => Math.hypot(a.x - b.x, a.y - b.y) || 1;
  zoom(distance(now, other) / distance(before, other), other);
}

function nodeAt(event) {
  const node = document.elementsFromPoint(event.clientX, event.clientY).map((e) => e.closest("a.node")).find(Boolean);
  return node && node.dataset.inbound !== undefined && node.dataset.node !== drag.source ? node : null;
}

function pull(event) {
  const to = point({ x: event.clientX, y: event.clientY });
  const half = Math.max(30, (to.x - drag.from.x) / 2);
  const { x, y } = drag.from;
  document.getElementById("pull")?.setAttribute("d", `M${x} ${y}C${x + half} ${y} ${to.x - half} ${to.y} ${to.x} ${to.y}`);
  const target = nodeAt(event);
  for (const node of workspace.querySelectorAll("a.node")) node.classList.toggle("droppable", node === target);
}

function release(event) {
  const svg = drawing();
  if (drag?.kind === "connect" && event.type === "pointerup") {
    const target = nodeAt(event);
    document.getElementById("pull")?.setAttribute("d", "");
    if (target) {
      target.classList.remove("droppable");
      const values = { source: drag.source, source_port: drag.port, target: target.dataset.node, revision: revision() };
      htmx.ajax("POST", workspace.dataset.connect, { values, target: "#panel", swap: "innerHTML" });
    }
  }
  pointers.delete(event.pointerId);
  if (!pointers.size) {
    drag = null;
    svg?.classList.remove("panning");
    remember();
  }
}
workspace.addEventListener("pointerup", release);
workspace.addEventListener("pointercancel", release);

function revision() {
  return document.getElementById("canvas-revision").value;
}

workspace.addEventListener(
  "wheel",
  (event) => {
    if (!event.target.closest("#drawing") || !view) return;
    event.preventDefault();
    const unit = event.deltaMode === 1 ? 30 : 1;
    if (event.ctrlKey || event.metaKey) zoom(Math.exp(-event.deltaY * unit * 0.01), { x: event.clientX, y: event.clientY });
    else if (event.shiftKey && !event.deltaX) pan(-event.deltaY * unit, 0);
    else pan(-event.deltaX * unit, -event.deltaY * unit);
    remember();
  },
  { passive: false },
);

// --- dropping an activity of the palette on a + --------------------------------------------------

workspace.addEventListener("dragstart", (event) => {
  const item = event.target.closest?.(".palette-item");
  if (!item) return;
  event.dataTransfer.setData("application/x-activity", item.value);
  event.dataTransfer.effectAllowed = "copy";
});

for (const kind of ["dragover", "dragleave", "drop"]) {
  workspace.addEventListener(kind, (event) => {
    const plus = event.target.closest?.(".plus[data-after], .plus[data-source]");
    if (!plus || !event.dataTransfer.types.includes("application/x-activity")) return;
    event.preventDefault();
    plus.classList.toggle("drop", kind === "dragover");
    if (kind !== "drop") return;
    const { after, port, source, sourcePort, target, targetPort } = plus.dataset;
    const place = after ? { after, port } : { source, source_port: sourcePort, target, target_port: targetPort };
    const values = { ...place, type: event.dataTransfer.getData("application/x-activity"), revision: revision() };
    const form = workspace.querySelector(".palette-column form");
    htmx.ajax("POST", form.action, { values, target: "#panel", swap: "innerHTML" });
  });
}

// --- keyboard ------------------------------------------------------------------------------------

document.addEventListener("keydown", (event) => {
  if (event.target.closest("input, textarea, select, [contenteditable], dialog, [popover]") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && panel.firstElementChild && !document.querySelector("details.menu[open]")) closePanel();
  if (!drawing()?.getBoundingClientRect().width || !view) return;
  if (event.key === "+" || event.key === "=") zoom(1.25);
  else if (event.key === "-") zoom(0.8);
  else if (event.key === "0") fit();
  else if (event.key.startsWith("Arrow") && event.target.closest("a.node")) move(event);
  else return;
  remember();
});

// What the keyboard reaches comes into view.
workspace.addEventListener("focusin", (event) => {
  if (event.target.matches("a.node:focus-visible")) reveal(event.target.dataset.node);
});

// Arrows go from node to node: right and left along the columns, up and down within one.
function move(event) {
  event.preventDefault();
  const from = event.target.closest("a.node").getBoundingClientRect();
  const along = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key];
  let best = null;
  let least = Infinity;
  for (const node of workspace.querySelectorAll("a.node")) {
    const box = node.getBoundingClientRect();
    const dx = (box.left + box.right - from.left - from.right) / 2;
    const dy = (box.top + box.bottom - from.top - from.bottom) / 2;
    const ahead = dx * along[0] + dy * along[1];
    if (ahead < 5) continue;
    const distance = ahead + 2 * Math.abs(dx * along[1] + dy * along[0]);
    if (distance < least) [best, least] = [node, distance];
  }
  if (!best) return;
  best.focus({ preventScroll: true });
  reveal(best.dataset.node);
}

begin();
mark();
if (selected()) reveal(selected());
