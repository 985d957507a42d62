// Which nodes are meant: the one in the side panel, or those chosen together with shift or a box.

import { drawing, named, panel, scene, words, workspace } from "./canvas-scene.js";
import { ready, rest, reveal, stageBox, toWorld } from "./canvas-view.js";

const bar = document.getElementById("selection-bar");
const count = document.getElementById("selection-count");
const said = document.getElementById("selection-said");
const boxShape = document.getElementById("selection-box");
const tool = document.getElementById("select-tool");
const chosen = new Set();

export const shownNode = () => panel.querySelector("[data-node]")?.dataset.node ?? "";
export const shownTransition = () => panel.querySelector("[data-transition]")?.dataset.transition ?? "";
export const selecting = () => tool.getAttribute("aria-pressed") === "true";
export const several = () => chosen.size > 0;
export const isChosen = (id) => chosen.has(id);

// Those chosen, else the node under the focus, else the one in the panel.
export function subjects() {
  if (chosen.size) return [...chosen];
  const focused = document.activeElement?.closest?.("a.node")?.dataset.node;
  const one = focused ?? shownNode();
  return scene()?.nodes.has(one) ? [one] : [];
}

export function choose(ids) {
  chosen.clear();
  for (const id of ids) if (scene().nodes.has(id)) chosen.add(id);
  mark();
  tell();
}

export function toggle(id) {
  const shown = shownNode();
  if (!chosen.size && shown && shown !== id && scene().nodes.has(shown)) chosen.add(shown);
  if (!chosen.delete(id)) chosen.add(id);
  mark();
  tell();
}

export function clear() {
  if (!chosen.size) return;
  chosen.clear();
  mark();
  tell();
}

export function chooseAll() {
  choose([...(scene()?.nodes.keys() ?? [])]);
}

// --- showing it ------------------------------------------------------------------------------------

function tell() {
  const sentence = chosen.size ? named(chosen.size, words.selectedOne, words.selectedMany) : words.selectedNone;
  said.textContent = sentence;
}

export function mark() {
  const [node, transition] = [shownNode(), shownTransition()];
  const found = scene();
  if (found) for (const id of chosen) if (!found.nodes.has(id)) chosen.delete(id);
  for (const card of workspace.querySelectorAll("a[data-node]")) {
    card.classList.toggle("selected", card.dataset.node === node);
    if (card.dataset.node === node) card.setAttribute("aria-current", "true");
    else card.removeAttribute("aria-current");
    const together = chosen.has(card.dataset.node);
    card.classList.toggle("chosen", together);
    if (together) card.setAttribute("aria-description", words.chosen);
    else card.removeAttribute("aria-description");
  }
  for (const exit of workspace.querySelectorAll("a[data-transition]")) {
    exit.classList.toggle("selected", exit.dataset.transition === transition);
  }
  const after = workspace.querySelector("[data-selected]");
  if (after) after.value = node || (transition && document.getElementById(`exit-${transition}`)?.dataset.of) || "";
  markBar();
}

function markBar() {
  bar.hidden = !chosen.size;
  if (!chosen.size) return;
  count.textContent = named(chosen.size, words.selectedOne, words.selectedMany);
  for (const button of bar.querySelectorAll("[data-turns]")) {
    const on = allHave([...chosen], button.dataset.turns);
    button.querySelector(".bar-word").textContent = on ? button.dataset.off : button.dataset.on;
    button.setAttribute("aria-pressed", String(on));
  }
}

// Whether all of these nodes are disabled, or have a breakpoint.
export function allHave(ids, what) {
  return ids.every((id) => scene().nodes.get(id)?.card.hasAttribute(`data-${what}`));
}

let opener = ""; // what asked for the panel
let byKey = false;

document.body.addEventListener("htmx:beforeRequest", ({ detail: { elt, target } }) => {
  if (target === panel && elt.id && !panel.contains(elt)) opener = elt.id;
});

// Who asked for the panel by a key goes on in it; who clicked may go on clicking.
workspace.addEventListener("click", (event) => (byKey = event.detail === 0 && Boolean(event.target.closest?.("a.node, a.exit, .bar-actions, .outline-view"))), true);

export function enterPanel() {
  const within = panel.querySelector("[autofocus]") ?? (byKey ? panel : null);
  within?.focus({ preventScroll: within === panel });
  byKey = false;
}

// The focus goes back to what the panel was about, or to what opened it.
function leavePanel(node) {
  const asked = document.getElementById(opener);
  const places = [document.getElementById(`node-${node}`), document.getElementById(`outline-${node}`), asked, asked?.closest("details.menu")?.firstElementChild];
  places.find((place) => place?.checkVisibility())?.focus({ preventScroll: true });
}

export function closePanel() {
  const node = shownNode();
  const within = panel.contains(document.activeElement) || document.activeElement === document.body;
  panel.replaceChildren();
  mark();
  history.replaceState(history.state, "", workspace.dataset.address + keptQuery());
  if (within) leavePanel(node);
}

function keptQuery() {
  const wanted = new URLSearchParams(location.search).get("view");
  return wanted ? `?view=${wanted}` : "";
}

// --- by a box --------------------------------------------------------------------------------------

export function boxing(more) {
  const before = more ? new Set(chosen) : new Set();
  let from = null;
  const put = (values) => Object.entries(values).forEach(([name, value]) => boxShape.setAttribute(name, value));
  const over = () => put({ width: 0, height: 0 });
  return {
    edges: true,
    long: false,
    begin(at) {
      from = toWorld(at);
    },
    move(at) {
      const to = toWorld(at);
      const [left, right] = [Math.min(from.x, to.x), Math.max(from.x, to.x)];
      const [top, bottom] = [Math.min(from.y, to.y), Math.max(from.y, to.y)];
      const { zoomed, x, y } = onStage(left, top);
      put({ x, y, width: (right - left) * zoomed, height: (bottom - top) * zoomed });
      const hit = [...scene().nodes.values()].filter(
        (node) => node.x < right && node.x + node.width > left && node.y < bottom && node.y + node.height > top,
      );
      take(before, hit);
    },
    end() {
      over();
      rest();
      tell();
    },
    cancel() {
      over();
      choose(before);
    },
  };
}

function onStage(x, y) {
  const origin = toWorld({ x: stageBox().left, y: stageBox().top });
  const end = toWorld({ x: stageBox().right, y: stageBox().top });
  const zoomed = stageBox().width / (end.x - origin.x);
  return { zoomed, x: (x - origin.x) * zoomed, y: (y - origin.y) * zoomed };
}

// While the box grows only what changes is touched.
function take(before, hit) {
  const now = new Set([...before, ...hit.map((node) => node.id)]);
  for (const id of new Set([...chosen, ...now])) {
    if (now.has(id) === chosen.has(id)) continue;
    scene().nodes.get(id)?.card.classList.toggle("chosen", now.has(id));
  }
  chosen.clear();
  for (const id of now) chosen.add(id);
  markBar();
}

// --- by click and keyboard ---------------------------------------------------------------------------

export function toggleTool() {
  const on = !selecting();
  tool.setAttribute("aria-pressed", String(on));
  workspace.classList.toggle("selecting", on);
}

tool.addEventListener("click", toggleTool);

// Before htmx hears of it: with shift a click adds to the selection, and does not open the panel or a window.
workspace.addEventListener(
  "click",
  (event) => {
    const card = event.target.closest("a.node");
    if (!card) return;
    if (event.shiftKey || selecting()) {
      event.preventDefault();
      event.stopImmediatePropagation();
      toggle(card.dataset.node);
    } else if (event.detail === 2) {
      event.preventDefault(); // a double click renames; the panel was asked for already
      event.stopImmediatePropagation();
    } else if (!event.ctrlKey && !event.metaKey) clear();
  },
  true,
);

// Arrows go from node to node: right and left along the columns, up and down within one.
export function walk(card, key, more) {
  const { nodes } = scene();
  const from = nodes.get(card.dataset.node);
  const along = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[key];
  let best = null;
  let least = Infinity;
  for (const node of nodes.values()) {
    const dx = node.x + node.width / 2 - from.x - from.width / 2;
    const dy = node.y + node.height / 2 - from.y - from.height / 2;
    const ahead = dx * along[0] + dy * along[1];
    if (ahead < 5) continue;
    const distance = ahead + 2 * Math.abs(dx * along[1] + dy * along[0]);
    if (distance < least) [best, least] = [node, distance];
  }
  if (!best) return;
  best.card.focus({ preventScroll: true });
  reveal(best.id);
  if (more) choose([...chosen, from.id, best.id]);
}

workspace.addEventListener("focusin", (event) => {
  if (event.target.matches("a.node:focus-visible") && ready() && drawing()) reveal(event.target.dataset.node);
});
