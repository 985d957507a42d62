// Parts of a rule are dragged by their grip, between and into groups; the menu of each does the same by keyboard.

import { ask, nodeOf } from "./rules-deeds.js";

const SLACK = 5; // pixels until a press becomes a drag
let drag = null;

function begin(event) {
  const grip = event.target.closest?.("[data-grip]");
  if (!grip || event.button !== 0) return;
  event.preventDefault();
  drag = { grip, node: grip.closest("[data-node]"), x: event.clientX, y: event.clientY, moving: false, drop: null };
  addEventListener("pointermove", move);
  addEventListener("pointerup", end, { once: true });
  addEventListener("pointercancel", stop, { once: true });
  addEventListener("keydown", escape, true);
}

function move(event) {
  if (!drag.moving && Math.hypot(event.clientX - drag.x, event.clientY - drag.y) < SLACK) return;
  drag.moving = true;
  drag.node.classList.add("rule-dragged");
  document.body.classList.add("rule-dragging");
  show(find(event.clientX, event.clientY));
}

// The list below the pointer, and between which of its items.
function find(x, y) {
  const under = document.elementFromPoint(x, y);
  const rule = drag.node.closest("[data-rule]");
  const group = under?.closest?.(".rule-group");
  if (!group || !rule.contains(group) || drag.node.contains(group)) return null;
  const list = group.querySelector(":scope > [data-items]");
  const items = [...list.children].filter((item) => item.tagName === "LI");
  let place = items.findIndex((item) => {
    const box = item.getBoundingClientRect();
    return y < box.top + box.height / 2;
  });
  if (place < 0) place = items.length;
  return { list, items, place, group: group.dataset.node };
}

function show(drop) {
  document.querySelector(".rule-drop")?.remove();
  drag.drop = drop;
  if (!drop) return;
  const line = document.createElement(drop.list.tagName === "UL" ? "li" : "span");
  line.className = "rule-drop";
  drop.list.insertBefore(line, drop.items[drop.place] ?? null);
}

function end() {
  const { node, moving, drop } = drag;
  stop();
  if (moving && drop) ask(node, "move", { at: nodeOf(node), into: drop.group, place: drop.place });
}

function escape(event) {
  if (event.key !== "Escape") return;
  event.stopPropagation();
  stop();
}

function stop() {
  document.querySelector(".rule-drop")?.remove();
  drag?.node.classList.remove("rule-dragged");
  document.body.classList.remove("rule-dragging");
  removeEventListener("pointermove", move);
  removeEventListener("pointerup", end);
  removeEventListener("pointercancel", stop);
  removeEventListener("keydown", escape, true);
  drag = null;
}

document.addEventListener("pointerdown", begin);
