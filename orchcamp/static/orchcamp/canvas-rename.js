// Giving a node another name where it stands: an input over the card's name.

import { drawing, editable, panel, scene, words } from "./canvas-scene.js";
import { deed } from "./canvas-deeds.js";
import { shownNode } from "./canvas-selection.js";
import { ready, reveal } from "./canvas-view.js";

const SVG = "http://www.w3.org/2000/svg";
let open = null; // {id, holder, input}

export function rename(id) {
  const node = scene()?.nodes.get(id);
  if (!node || !editable() || !ready()) return;
  close();
  reveal(id);
  const holder = document.createElementNS(SVG, "foreignObject");
  const input = document.createElement("input");
  Object.assign(input, { type: "text", className: "node-rename", value: node.name, maxLength: 120 });
  input.setAttribute("aria-label", words.renameLabel);
  holder.append(input);
  open = { id, holder, input };
  put();
  input.select();
  input.addEventListener("keydown", press);
  const left = () => open?.input === input && input.isConnected && document.activeElement !== input;
  input.addEventListener("blur", () => setTimeout(() => left() && keep(false)));
}

// Over the name, in the drawing, so that it goes along when the view moves.
function put() {
  const node = scene()?.nodes.get(open.id);
  if (!node) {
    open = null;
    return;
  }
  const place = { x: node.x + 46, y: node.y + 5, width: node.width - 52, height: 26 };
  for (const [name, value] of Object.entries(place)) open.holder.setAttribute(name, value);
  drawing().append(open.holder);
  open.input.focus({ preventScroll: true });
}

function press(event) {
  event.stopPropagation();
  if (event.key === "Enter") keep(true);
  else if (event.key === "Escape") close(true);
}

function keep(back) {
  const { id, input } = open;
  const name = input.value.trim();
  close(back);
  if (!name || name === scene()?.nodes.get(id)?.name) return;
  const title = scene().nodes.get(id).card.querySelector("strong");
  if (title) title.textContent = name; // until the drawing follows
  deed("rename", { name }, { id, quiet: true, about: id }).then((done) => done && follow(id, name));
}

// A panel with unsaved work stays as it is, but for the name.
function follow(id, name) {
  const field = shownNode() === id && panel.querySelector("#node-name");
  if (!field) return;
  field.value = name;
  document.getElementById("panel-title").textContent = name;
}

function close(back = false) {
  if (!open) return;
  const { id, holder } = open;
  open = null;
  holder.remove();
  if (back) document.getElementById(`node-${id}`)?.focus({ preventScroll: true });
}

// The drawing was replaced while somebody types: the input goes over to the new one.
export function keepRenaming() {
  if (!open || open.holder.isConnected) return;
  const { input } = open;
  const [start, end] = [input.selectionStart, input.selectionEnd];
  put();
  if (open) input.setSelectionRange(start, end);
}
