// Drawing a transition from an output to a node, and taking the end of one elsewhere.

import { circles, drawing, editable, fill, scene, wireValues, words } from "./canvas-scene.js";
import { deed } from "./canvas-deeds.js";
import { scale, toScreen, toWorld } from "./canvas-view.js";
import { stageBox } from "./canvas-view.js";

const line = document.getElementById("pull");
const said = document.getElementById("connect-said");
const GRIP = 12; // pixels around an output or the end of a line
const SNAP = 46; // pixels from a node within which the line goes to it

// Whether a transition can be drawn to this node; ``without`` is one that would go away.
function fits(node, source, without) {
  const room = node.room || (without?.target === node.id ? without.targetPort : "");
  return Boolean(room) && node.id !== source && !circles(source, node.id);
}

// The output or the end of a transition under the pointer, as a gesture; null when there is none.
export function connecting(at) {
  if (!editable()) return null;
  const world = toWorld(at);
  const reach = GRIP / Math.min(1, scale());
  const outlet = scene().outlets.find((one) => Math.hypot(one.x - world.x, one.y - world.y) < reach);
  if (outlet) return pulling(outlet);
  const wire = scene().wires.find((one) => {
    const { inlet } = scene().nodes.get(one.target);
    const [before, beside] = scene().down ? [inlet.y - world.y, inlet.x - world.x] : [inlet.x - world.x, inlet.y - world.y];
    return before > 0 && before < reach * 1.5 && Math.abs(beside) < reach;
  });
  return wire ? pulling(scene().nodes.get(wire.source).outlets.find((one) => one.port === wire.sourcePort), wire) : null;
}

function pulling(outlet, wire = null) {
  let target = null;
  let able = [];
  return {
    edges: true,
    long: false,
    begin() {
      able = [...scene().nodes.values()].filter((node) => fits(node, outlet.node, wire));
      for (const node of able) node.card.classList.add("can-take");
      drawing().classList.add("connecting");
      wire?.path.classList.add("wire-loose");
    },
    move(at) {
      const to = toWorld(at);
      const next = nearest(to, able);
      if (next !== target) {
        target?.card.classList.remove("droppable");
        next?.card.classList.add("droppable");
        said.textContent = next ? fill(words.connectTo, { source: scene().nodes.get(outlet.node).name, target: next.name }) : "";
      }
      target = next;
      draw(outlet, target ? target.inlet : to);
    },
    end() {
      tidy(able, wire);
      if (target) join(outlet, target, wire);
      else if (wire) deed("disconnect", wireValues(wire));
      else if (!outlet.wires.length) outlet.plus?.click(); // let go over nothing: what shall come next?
    },
    cancel: () => tidy(able, wire),
  };
}

function nearest(to, able) {
  let best = null;
  let least = SNAP / scale();
  for (const node of able) {
    const dx = Math.max(node.x - to.x, 0, to.x - node.x - node.width);
    const dy = Math.max(node.y - to.y, 0, to.y - node.y - node.height);
    const distance = Math.hypot(dx, dy);
    if (distance < least) [best, least] = [node, distance];
  }
  return best;
}

function draw(from, to) {
  const [a, b] = [onStage(from), onStage(to)];
  const half = Math.max(30 * scale(), (scene().down ? b.y - a.y : b.x - a.x) / 2);
  const [dx, dy] = scene().down ? [0, half] : [half, 0];
  line.setAttribute("d", `M${a.x} ${a.y}C${a.x + dx} ${a.y + dy} ${b.x - dx} ${b.y - dy} ${b.x} ${b.y}`);
}

function onStage(at) {
  const screen = toScreen(at);
  return { x: screen.x - stageBox().left, y: screen.y - stageBox().top };
}

function tidy(able, wire) {
  line.setAttribute("d", "");
  said.textContent = "";
  drawing()?.classList.remove("connecting");
  wire?.path.classList.remove("wire-loose");
  for (const node of able) node.card.classList.remove("can-take", "droppable");
}

// The old transition goes first where the target has room for one only.
async function join(outlet, target, wire) {
  if (wire?.target === target.id) return;
  const values = { source: outlet.node, source_port: outlet.port, target: target.id, target_port: target.room };
  if (await deed("connect", values)) if (wire) await deed("disconnect", { ...wireValues(wire), panel: target.id });
}
