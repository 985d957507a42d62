// Dragging an activity from the palette to the canvas, and a node to another place of the flow.

import { drawing, editable, named, reached, scene, words, workspace } from "./canvas-scene.js";
import { choose } from "./canvas-choice.js";
import { deed, focusLater } from "./canvas-deeds.js";
import { light, offer, offerNoMore, placeAt } from "./canvas-places.js";
import { hold } from "./canvas-press.js";
import { clear, isChosen, several, subjects } from "./canvas-selection.js";
import { inside, measure, ready, toWorld } from "./canvas-view.js";

const ROOM = 330; // pixels beside the pointer for what is said of the place
const ghost = document.getElementById("drag-ghost");

function raise(icon, name) {
  ghost.querySelector(".icon").textContent = icon;
  ghost.querySelector("strong").textContent = name;
  ghost.hidden = false;
}

function carry(at, text, good) {
  const left = at.x > innerWidth - ROOM ? `calc(${at.x - 14}px - 100%)` : `${at.x + 14}px`;
  ghost.style.transform = `translate(${left}, ${Math.min(at.y + 12, innerHeight - 70)}px)`;
  const said = ghost.querySelector(".ghost-said");
  if (said.textContent !== text) said.textContent = text;
  ghost.classList.toggle("ghost-refused", !good);
}

function lower() {
  ghost.hidden = true;
  offerNoMore();
}

// --- from the palette ------------------------------------------------------------------------------

function placing(item) {
  const { inbound, outbound, begins } = item.dataset;
  const thing = { inbound: inbound !== undefined, outbound: outbound !== undefined, begins: begins !== undefined, moved: new Set() };
  let place = null;
  return {
    edges: true,
    begin() {
      measure();
      raise(item.querySelector(".icon").textContent, item.querySelector("strong").textContent);
      if (ready()) offer(thing);
    },
    move(at) {
      place = onCanvas(at) ? (ready() ? placeAt(toWorld(at), thing) : { values: {}, text: words.dropBegin, lit: [] }) : null;
      if (place?.refused) place = null;
      light(place);
      carry(at, place?.text ?? (onCanvas(at) ? words.dropNot : words.dropOutside), place);
    },
    end() {
      lower();
      if (place) deed("add", { ...place.values, type: item.value });
    },
    cancel: lower,
  };
}

// The stage, whether there is a drawing on it or not.
function onCanvas(at) {
  if (ready()) return inside(at) && !document.elementFromPoint(at.x, at.y)?.closest(".side-panel, .palette-column, .canvas-bar");
  return Boolean(document.elementFromPoint(at.x, at.y)?.closest(".stage"));
}

workspace.addEventListener("pointerdown", (event) => {
  const item = event.target.closest(".palette-column .palette-item[name=type]");
  if (item && event.button === 0 && editable()) hold(event, placing(item));
});

// --- a node ----------------------------------------------------------------------------------------

// Alone its neighbours are joined and it goes between others; with what follows, that goes along.
function moving(ids, following) {
  const { nodes } = scene();
  const whole = following ? reached(ids) : new Set(ids);
  const [one] = ids.map((id) => nodes.get(id));
  const inbound = ids.every((id) => nodes.get(id).takes) || ids.length > 1;
  return { inbound, outbound: ids.length > 1 || one.outlets.length > 0 || following, begins: false, moved: whole };
}

export function nodeDrag(card, instead) {
  const id = card.dataset.node;
  const ids = several() && isChosen(id) ? subjects() : [id];
  const { nodes } = scene();
  const follows = [...reached(ids)].some((other) => !ids.includes(other));
  let place = null;
  let last = null;
  let offered = null;
  return {
    edges: true,
    instead,
    begin() {
      measure();
      const name = ids.length > 1 ? named(ids.length, words.activitiesOne, words.activitiesMany) : nodes.get(id).name;
      raise(card.querySelector(".node-icon .icon").textContent, name);
      for (const other of ids) nodes.get(other)?.card.classList.add("lifted-node");
      workspace.classList.add("dragging-node");
    },
    move(at) {
      last = at;
      const following = follows && at.alt;
      if (offered !== following) offer(moving(ids, (offered = following)));
      place = inside(at) ? placeAt(toWorld(at), moving(ids, following)) : null;
      if (place?.refused) place = null;
      light(place);
      const hint = follows ? (at.alt ? words.withFollowing : words.holdAlt) : "";
      carry(at, place ? place.text + hint : words.dropMoveNot, place);
    },
    end() {
      down(ids);
      if (place) settle(ids, place, { at: last, follows });
    },
    cancel: () => down(ids),
  };
}

function down(ids) {
  lower();
  workspace.classList.remove("dragging-node");
  for (const card of drawing()?.querySelectorAll(".lifted-node") ?? []) card.classList.remove("lifted-node");
}

// With Alt held it is known what goes along; otherwise the person is asked, if there is anything that could.
async function settle(ids, place, { at, follows }) {
  await new Promise((resolve) => setTimeout(resolve)); // else the end of this press would close the choice again
  const behindIt = follows && !leadsInto(ids, place.values);
  const how = at.alt && follows ? "following" : behindIt ? await choose("move-choice", at) : "alone";
  if (!how) return;
  const values = { node: ids, ...place.values, ...(how === "following" ? { following: 1 } : {}) };
  if (await deed("move", values, { quiet: true, about: ids[0] })) {
    clear();
    focusLater(ids[0]);
  }
}

// A place among what follows is one for the nodes alone.
function leadsInto(ids, values) {
  const whole = reached(ids);
  return whole.has(values.source ?? values.after) || whole.has(values.target);
}
