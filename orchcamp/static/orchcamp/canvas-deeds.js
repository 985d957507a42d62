// What gestures and keys ask of the server: one change after the other, each on the newest revision.

import { addressOf, drawing, named, panel, say, scene, words } from "./canvas-scene.js";
import { dirty, flush, saved } from "./canvas-unsaved.js";
import { allHave, clear, closePanel, shownNode } from "./canvas-selection.js";

let newest = 0; // the revision that the last answer told; the drawing that shows it may still be on its way
let running = Promise.resolve();
let current = null; // the change under way: {gone: nodes that it takes away, quiet: it opens no panel}

export function revision() {
  return Math.max(newest, Number(document.getElementById("canvas-revision").value));
}

// Ask for a change; true when it was made. What is asked meanwhile waits its turn. ``gone`` are nodes it takes away,
// ``quiet`` says that the panel changes only if it shows ``about``, ``id`` stands in the address.
export function deed(name, values = {}, { gone = [], quiet = false, about = "", id = "" } = {}) {
  const address = addressOf(name, id);
  running = running.then(() => send(address, values, { gone: new Set(gone), quiet, about }));
  return running;
}

async function send(address, values, how) {
  if (!(await (how.quiet ? saved() : flush()))) return false; // what was typed is back in the panel
  let answer = null;
  const hear = ({ detail }) => {
    if (detail.elt === document.body && detail.requestConfig.path === address) answer = detail.xhr;
  };
  document.body.addEventListener("htmx:afterRequest", hear);
  current = how;
  try {
    await htmx.ajax("POST", address, { values: { ...values, revision: revision() }, target: "#panel", swap: "innerHTML" });
  } catch {
    // the page has told of it already
  }
  document.body.removeEventListener("htmx:afterRequest", hear);
  current = null;
  return Boolean(answer) && (answer.status === 200 || Boolean(changes(answer)));
}

// The panel that is open stays, with what is typed in it, unless the answer is about it or its node went away.
document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (!current || detail.target !== panel || detail.requestConfig.elt !== document.body || detail.xhr.status !== 200) return;
  if (current.gone.has(shownNode())) closePanel();
  const stays = current.quiet && (shownNode() !== current.about || dirty());
  if (!detail.serverResponse.trim() || stays) detail.swapOverride = "none";
});

// --- the revision ------------------------------------------------------------------------------------

// What an answer tells of the canvas: {revision, focus}, or undefined.
function changes(xhr) {
  for (const header of ["HX-Trigger", "HX-Trigger-After-Settle"]) {
    const told = xhr?.getResponseHeader(header);
    const change = told?.startsWith("{") ? JSON.parse(told)["canvas-changed"] : undefined;
    if (change) return change;
  }
  return undefined;
}

document.body.addEventListener("htmx:afterRequest", ({ detail: { xhr } }) => {
  const change = changes(xhr);
  newest = Math.max(newest, change?.revision ?? 0);
  // Nothing is swapped for an empty answer, so htmx does not come to tell what follows a swap.
  if (xhr?.status === 204 && xhr.getResponseHeader("HX-Trigger-After-Settle")) {
    if (change) htmx.trigger(document.body, "canvas-changed", change);
  }
});

// Other scripts change the canvas too, and tell it.
document.addEventListener("canvas-changed", ({ detail }) => (newest = Math.max(newest, Number(detail?.revision) || 0)), true);

// --- changes of a selection --------------------------------------------------------------------------

export async function remove(ids, branch) {
  const gone = branch ? branchOf(ids) : ids;
  const values = branch ? { node: ids, branch: 1 } : { node: ids };
  const focused = document.activeElement;
  if (!(await deed("remove", values, { gone }))) return;
  clear();
  if (focused?.closest("a.node")) focusLater(neighbour(gone));
}

// The nodes with all that only they lead to.
function branchOf(ids) {
  const { nodes } = scene();
  const found = new Set(ids);
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const node of nodes.values()) {
      if (node.before.length && node.before.every((wire) => found.has(wire.source))) found.add(node.id);
    }
  }
  return [...found];
}

function neighbour(gone) {
  const { nodes } = scene();
  const near = gone.flatMap((id) => [...(nodes.get(id)?.before ?? []).map((wire) => wire.source)]);
  return near.find((id) => !gone.includes(id)) ?? [...nodes.keys()].find((id) => !gone.includes(id));
}

export async function duplicate(ids) {
  if (await deed("duplicate", { node: ids })) say(named(ids.length, words.duplicatedOne, words.duplicatedMany));
}

// Disable or enable, set or take away a breakpoint: all of them the same way.
export async function turn(ids, what) {
  const on = !allHave(ids, what);
  const about = ids.length === 1 ? ids[0] : "";
  if (!(await deed("switch", { node: ids, [what]: on ? 1 : 0 }, { quiet: true, about }))) return;
  const box = what === "disabled" && ids.includes(shownNode()) && document.getElementById("node-disabled");
  if (box) box.checked = on; // the form that stayed open must not turn it back
}

// --- focus -------------------------------------------------------------------------------------------

let wanted = "";

// The focus goes to a node when the next drawing is there, if it is nowhere by then.
export function focusLater(id) {
  wanted = id ?? "";
}

export function focusWanted() {
  const lost = !document.activeElement || document.activeElement === document.body;
  const card = wanted && lost && drawing() && document.getElementById(`node-${wanted}`);
  if (card) card.focus({ preventScroll: true });
  wanted = "";
}
