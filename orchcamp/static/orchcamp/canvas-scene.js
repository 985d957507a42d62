// What the drawing shows, read once after every swap: where nodes and transitions lie, and what leads to what.
// Gestures reckon with these numbers and never ask the page for its layout while the pointer moves.

export const workspace = document.getElementById("workspace");
export const panel = document.getElementById("panel");
export const drawing = () => document.getElementById("drawing");
export const editable = () => workspace.classList.contains("workspace-editable");
export const words = document.getElementById("canvas-words").dataset;

// Where a change is sent: addressOf("rename", id).
export function addressOf(name, id = "") {
  const key = `url${name[0].toUpperCase()}${name.slice(1)}`;
  return workspace.dataset[key].replace("NODE", encodeURIComponent(id));
}

const STEPS = 14; // points of a line that stand for it

let known = null;

export function forget() {
  known = null;
}

export function scene() {
  const svg = drawing();
  if (!svg) return null;
  if (known?.svg !== svg) known = read(svg);
  return known;
}

// A sentence with names in it: fill("Behind “{name}”", {name: "Split"}).
export function fill(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
}

export function say(message, tone = "green") {
  htmx.trigger(document.body, "toast", { message, tone });
}

// The sentence for one or for several.
export function named(count, one, many) {
  return fill(count === 1 ? one : many, { n: count });
}

function read(svg) {
  const nodes = new Map();
  for (const card of svg.querySelectorAll("a.node")) {
    const node = readNode(card);
    nodes.set(node.id, node);
  }
  const found = { svg, nodes, wires: [], outlets: [], width: Number(svg.dataset.width), height: Number(svg.dataset.height), down: svg.dataset.flow === "down" };
  for (const circle of svg.querySelectorAll("circle.port-out")) readOutlet(circle, found);
  for (const path of svg.querySelectorAll("path.wire[data-source]")) readWire(path, found);
  return found;
}

function readNode(card) {
  const at = (name) => Number(card.parentNode.getAttribute(name));
  return {
    id: card.dataset.node,
    card,
    name: card.querySelector("strong").textContent,
    x: at("x"),
    y: at("y"),
    width: at("width"),
    height: at("height"),
    takes: card.dataset.inbound !== undefined,
    inlet: point(card.dataset.inlet), // where transitions arrive
    room: card.dataset.room ?? "", // the inbound port that takes one more transition
    outlets: [],
    before: [],
    after: [],
  };
}

function point(text = "0 0") {
  const [x, y] = text.split(" ").map(Number);
  return { x, y };
}

function readOutlet(circle, found) {
  const { source, port } = circle.dataset;
  const key = `${source}-${port}`;
  const plus = document.getElementById(`plus-${key}`);
  const outlet = {
    circle,
    node: source,
    port,
    label: document.getElementById(`exit-${key}`)?.querySelector(".exit-label")?.textContent ?? "",
    x: Number(circle.getAttribute("cx")),
    y: Number(circle.getAttribute("cy")),
    plus,
    end: plus ? { x: Number(plus.parentNode.getAttribute("x")) + 13, y: Number(plus.parentNode.getAttribute("y")) + 13 } : null,
    wires: [],
  };
  found.outlets.push(outlet);
  found.nodes.get(source)?.outlets.push(outlet);
}

function readWire(path, found) {
  const { source, sourcePort, target, targetPort } = path.dataset;
  const wire = { path, source, sourcePort, target, targetPort, plus: document.getElementById(path.dataset.plus) };
  found.wires.push(wire);
  found.nodes.get(source)?.after.push(wire);
  found.nodes.get(target)?.before.push(wire);
  found.nodes.get(source)?.outlets.find((outlet) => outlet.port === sourcePort)?.wires.push(wire);
}

// The points of a line, and the box around them; reckoned when a gesture first asks.
export function course(wire) {
  if (!wire.course) {
    const length = wire.path.getTotalLength();
    const points = Array.from({ length: STEPS + 1 }, (_, step) => wire.path.getPointAtLength((length * step) / STEPS));
    const [xs, ys] = [points.map((point) => point.x), points.map((point) => point.y)];
    wire.course = { points, left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
  }
  return wire.course;
}

export function wireValues(wire) {
  return { source: wire.source, source_port: wire.sourcePort, target: wire.target, target_port: wire.targetPort };
}

// Everything that can be reached from these nodes, themselves included.
export function reached(ids) {
  const { nodes } = scene();
  const found = new Set(ids);
  for (const id of found) for (const wire of nodes.get(id)?.after ?? []) found.add(wire.target);
  return found;
}

// Whether a transition from one node to another would make the canvas run in a circle.
export function circles(source, target) {
  return reached([target]).has(source);
}

// The place behind a node, as the server reads it: its first open output, else its only transition.
export function behind(id) {
  const node = scene()?.nodes.get(id);
  if (!node) return null;
  const open = node.outlets.find((outlet) => !outlet.wires.length);
  if (open) return { after: id, port: open.port };
  return node.after.length === 1 ? wireValues(node.after[0]) : null;
}

// The place behind one output.
export function behindPort(id, port) {
  const outlet = scene()?.nodes.get(id)?.outlets.find((other) => other.port === port);
  if (!outlet) return null;
  return outlet.wires.length === 1 ? wireValues(outlet.wires[0]) : { after: id, port };
}
