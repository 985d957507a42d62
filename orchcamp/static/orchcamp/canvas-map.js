// The small map of a large canvas: every node in the colour of its group, its state, and what the stage shows.

import { scene, workspace, words } from "./canvas-scene.js";
import { hold } from "./canvas-press.js";
import { centre, onView, ready, rest, shown } from "./canvas-view.js";

const map = document.getElementById("canvas-map");
const nodes = map.querySelector("g");
const frame = map.querySelector(".map-view");
const toggle = document.getElementById("map-toggle");
const storageKey = "canvas-map";
const AROUND = 60;
let drawn = null; // the drawing whose nodes the map shows

const wanted = () => localStorage.getItem(storageKey) !== "off";

function draw() {
  const found = scene();
  if (!found || drawn === found) return;
  drawn = found;
  map.setAttribute("viewBox", `${-AROUND} ${-AROUND} ${found.width + 2 * AROUND} ${found.height + 2 * AROUND}`);
  nodes.replaceChildren(...[...found.nodes.values()].map(rectangle));
}

function rectangle(node) {
  const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  for (const name of ["x", "y", "width", "height"]) rect.setAttribute(name, node[name]);
  const group = [...node.card.classList].filter((name) => name.startsWith("node-"));
  const state = [...(node.card.querySelector(".node-state")?.classList ?? [])].filter((name) => name.startsWith("tone-"));
  rect.setAttribute("class", ["map-node", ...group, ...state.map((name) => `map-${name}`)].join(" "));
  rect.setAttribute("rx", 14);
  return rect;
}

function follow() {
  if (!ready()) return;
  const { x, y, width, height } = shown();
  const found = scene();
  const fits = x <= 1 && y <= 1 && x + width >= found.width - 1 && y + height >= found.height - 1;
  map.toggleAttribute("hidden", fits || !wanted());
  if (fits || !wanted()) return;
  draw();
  for (const [name, value] of Object.entries({ x, y, width, height })) frame.setAttribute(name, value);
}

function press() {
  const box = map.getBoundingClientRect();
  const [left, top, width, height] = map.getAttribute("viewBox").split(" ").map(Number);
  const scale = Math.min(box.width / width, box.height / height);
  const start = { x: box.left + (box.width - width * scale) / 2, y: box.top + (box.height - height * scale) / 2 };
  const there = (at) => centre({ x: left + (at.x - start.x) / scale, y: top + (at.y - start.y) / scale });
  return { slack: 0, begin: there, move: there, end: rest, cancel: rest };
}

map.addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || !ready()) return;
  event.preventDefault();
  hold(event, press());
});

export function toggleMap() {
  localStorage.setItem(storageKey, wanted() ? "off" : "on");
  mark();
  follow();
}

function mark() {
  toggle.setAttribute("aria-pressed", String(wanted()));
  toggle.title = wanted() ? words.hideMap : words.showMap;
}

workspace.addEventListener("click", (event) => event.target.closest("#map-toggle") && toggleMap());
onView(follow);
mark();
