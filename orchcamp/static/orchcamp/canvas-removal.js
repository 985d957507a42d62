// Removing what is selected: when something hangs behind it, one press more says what happens to that.

import { scene, words } from "./canvas-scene.js";
import { choose } from "./canvas-choice.js";
import { remove } from "./canvas-deeds.js";
import { toScreen } from "./canvas-view.js";

export async function askRemoval(ids) {
  const { nodes } = scene();
  const last = nodes.get(ids.at(-1));
  const follows = ids.some((id) => nodes.get(id).after.some((wire) => !ids.includes(wire.target)));
  if (!follows) {
    remove(ids, false);
    return;
  }
  const label = document.getElementById("remove-alone");
  label.textContent = ids.length > 1 ? words.removeMany : words.removeOne;
  const at = toScreen({ x: last.x + 12, y: last.y + last.height });
  const chosen = await choose("remove-choice", { x: at.x, y: at.y + 4 });
  if (chosen) remove(ids, chosen === "branch");
}
