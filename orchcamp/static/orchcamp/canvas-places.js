// Where something that is dragged may be dropped: on a transition, on an output, on a node, or on its own.
// Only places that would be accepted light up.

import { behind, course, fill, scene, wireValues, words, workspace } from "./canvas-scene.js";
import { scale } from "./canvas-view.js";

const NEAR = 40; // pixels to the nearest line
const PORT = 12; // pixels to an output

// What is dragged: {inbound, outbound, begins, moved: ids that go along}. The answer {values, text, lit: elements}, or null.
export function placeAt(at, thing) {
  const reach = NEAR / scale();
  return port(at, thing) ?? node(at, thing) ?? line(at, reach, thing) ?? alone(thing);
}

function port(at, thing) {
  if (!thing.inbound) return null;
  const reach = PORT / Math.min(1, scale());
  const outlet = scene().outlets.find((one) => Math.hypot(one.x - at.x, one.y - at.y) < reach);
  return outlet && accepts(outlet.node, outlet.wires, thing) ? output(outlet) : null;
}

// An output in use takes a second path beside the first.
function output(outlet) {
  const name = scene().nodes.get(outlet.node).name;
  const sentence = outlet.wires.length ? words.dropBeside : outlet.label ? words.dropOutput : words.dropBehind;
  const lit = [outlet.circle, outlet.plus, document.getElementById(`node-${outlet.node}`)].filter(Boolean);
  return { values: { after: outlet.node, port: outlet.port }, text: fill(sentence, { name, label: outlet.label }), lit, wires: [] };
}

function node(at, thing) {
  const { nodes } = scene();
  for (const one of nodes.values()) {
    if (at.x < one.x || at.x > one.x + one.width || at.y < one.y || at.y > one.y + one.height) continue;
    return behindNode(one, thing) ?? { refused: true };
  }
  return null;
}

export function behindNode(one, thing) {
  const values = behind(one.id);
  if (!values || !thing.inbound || thing.moved.has(one.id)) return null;
  if (values.source && (!thing.outbound || thing.moved.has(values.target))) return null;
  const outlet = one.outlets.find((other) => other.port === values.port);
  const sentence = outlet?.label ? words.dropOutput : words.dropBehind;
  const lit = [one.card, outlet?.plus, values.source && one.after[0].plus].filter(Boolean);
  return { values, text: fill(sentence, { name: one.name, label: outlet?.label }), lit, wires: values.source ? [one.after[0].path] : [] };
}

function line(at, reach, thing) {
  let best = null;
  let least = reach;
  if (!thing.inbound) return null;
  for (const outlet of scene().outlets) {
    if (outlet.wires.length || outlet.end === null || !accepts(outlet.node, [], thing)) continue;
    const distance = toSegment(at, outlet, outlet.end);
    if (distance < least) [best, least] = [outlet, distance];
  }
  for (const wire of thing.outbound ? scene().wires : []) {
    if (thing.moved.has(wire.source) || thing.moved.has(wire.target)) continue;
    const distance = toCourse(at, course(wire), least);
    if (distance < least) [best, least] = [wire, distance];
  }
  return best && (best.path ? between(best) : output(best));
}

function between(wire) {
  const { nodes } = scene();
  const text = fill(words.dropBetween, { source: nodes.get(wire.source).name, target: nodes.get(wire.target).name });
  return { values: wireValues(wire), text, lit: [wire.plus].filter(Boolean), wires: [wire.path] };
}

function alone(thing) {
  if (thing.moved.size) return null;
  return { values: { begin: 1 }, text: thing.begins ? words.dropBegin : words.dropAlone, lit: [], wires: [] };
}

// Not behind what moves along, nor where it stands already.
function accepts(id, wires, thing) {
  return !thing.moved.has(id) && !wires.some((wire) => thing.moved.has(wire.target));
}

// --- distances ---------------------------------------------------------------------------------------

function toSegment(at, a, b) {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length = dx * dx + dy * dy;
  const along = length ? Math.max(0, Math.min(1, ((at.x - a.x) * dx + (at.y - a.y) * dy) / length)) : 0;
  return Math.hypot(at.x - a.x - along * dx, at.y - a.y - along * dy);
}

function toCourse(at, { points, left, right, top, bottom }, reach) {
  if (at.x < left - reach || at.x > right + reach || at.y < top - reach || at.y > bottom + reach) return Infinity;
  let least = Infinity;
  for (let step = 1; step < points.length; step += 1) least = Math.min(least, toSegment(at, points[step - 1], points[step]));
  return least;
}

// --- lighting up -------------------------------------------------------------------------------------

let lit = [];

export function light(place) {
  const now = [...(place?.lit ?? []), ...(place?.wires ?? [])];
  for (const element of lit) if (!now.includes(element)) element.classList.remove("drop", "droppable", "wire-lit");
  for (const element of now) element.classList.add(element.matches("path") ? "wire-lit" : element.matches("a") ? "droppable" : "drop");
  lit = now;
}

// Every + that would take it shows itself while something is dragged.
export function offer(thing) {
  workspace.classList.add("dropping");
  for (const wire of scene().wires) {
    const takes = thing.inbound && thing.outbound && !thing.moved.has(wire.source) && !thing.moved.has(wire.target);
    wire.plus?.classList.toggle("offered", takes);
  }
  for (const outlet of scene().outlets) {
    outlet.plus?.classList.toggle("offered", thing.inbound && accepts(outlet.node, outlet.wires, thing));
  }
}

export function offerNoMore() {
  light(null);
  workspace.classList.remove("dropping");
  for (const plus of workspace.querySelectorAll(".plus.offered")) plus.classList.remove("offered");
}
