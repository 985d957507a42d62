// Sticky notes: dragged to another place, opened by a double click.

import { editable } from "./canvas-scene.js";
import { deed } from "./canvas-deeds.js";
import { scale } from "./canvas-view.js";

export function noteDrag(note, instead) {
  const place = note.closest("foreignObject");
  let from = null;
  let by = { x: 0, y: 0 };
  const shift = () => place.setAttribute("transform", `translate(${by.x} ${by.y})`);
  return {
    edges: true,
    instead,
    begin(at) {
      from = at;
      place.parentNode.append(place); // above the others
      note.classList.add("note-dragged");
    },
    move(at) {
      by = { x: (at.x - from.x) / scale(), y: (at.y - from.y) / scale() };
      shift();
    },
    end() {
      note.classList.remove("note-dragged");
      // Where it lies: on the drawing, or from the node it is pinned to.
      const values = { x: Math.round(Number(note.dataset.x) + by.x), y: Math.round(Number(note.dataset.y) + by.y) };
      deed("changeNote", values, { id: note.dataset.note }).then((done) => done || back());
    },
    cancel: back,
  };

  function back() {
    by = { x: 0, y: 0 };
    shift();
    note.classList.remove("note-dragged");
  }
}

export function openNote(note) {
  if (editable()) note.querySelector(".note-open")?.click();
}
