// Copying activities and pasting them: in this campaign, in another one, in another window. The clipboard of the
// system takes them as text; what this browser remembers stands in where that is not allowed.

import { addressOf, behind, behindPort, named, say, words } from "./canvas-scene.js";
import { deed, remove } from "./canvas-deeds.js";
import { shownTransition, subjects } from "./canvas-selection.js";

const storageKey = "canvas-clipboard";
const popover = document.getElementById("palette-popover");

// --- out -------------------------------------------------------------------------------------------

export async function copy(ids, { quiet = false } = {}) {
  const text = fetchCopy(ids);
  const written = write(text);
  const copied = await text;
  if (!copied) return false;
  localStorage.setItem(storageKey, JSON.stringify({ text: copied, written: await written }));
  if (!quiet) say(named(ids.length, words.copiedOne, words.copiedMany));
  return true;
}

async function fetchCopy(ids) {
  const query = new URLSearchParams(ids.map((id) => ["node", id]));
  const answer = await fetch(`${addressOf("copy")}?${query}`, { headers: { "X-Requested-With": "fetch" } }).catch(() => null);
  if (answer?.status === 200) return answer.text();
  say(answer ? document.body.dataset.failed : document.body.dataset.offline, "red");
  return null;
}

// Some browsers let the text come later only if writing has begun with the press.
async function write(text) {
  try {
    const blob = text.then((copied) => (copied ? new Blob([copied], { type: "text/plain" }) : Promise.reject(new Error())));
    await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
    return true;
  } catch {
    return false; // not allowed here: what the browser remembers will do
  }
}

export async function cut(ids) {
  if (!(await copy(ids, { quiet: true }))) return;
  await remove(ids, false);
  say(named(ids.length, words.cutOne, words.cutMany));
}

// --- in --------------------------------------------------------------------------------------------

function activities(text) {
  try {
    const document = JSON.parse(text);
    return document?.kind === "nodes" ? Object.keys(document.nodes).length : 0;
  } catch {
    return 0;
  }
}

function remembered() {
  const kept = JSON.parse(localStorage.getItem(storageKey) ?? "null");
  return kept && activities(kept.text) ? kept : null;
}

// Behind the + that has the focus, the open transition, or the selected node; else on its own.
function place() {
  const plus = document.activeElement?.closest?.(".plus");
  if (plus?.dataset.after) return behindPort(plus.dataset.after, plus.dataset.port);
  if (plus?.dataset.source) {
    const { source, sourcePort, target, targetPort } = plus.dataset;
    return { source, source_port: sourcePort, target, target_port: targetPort };
  }
  const exit = shownTransition() && document.getElementById(`exit-${shownTransition()}`);
  if (exit && !subjects().length) return behindPort(exit.dataset.of, exit.dataset.transition.slice(exit.dataset.of.length + 1));
  const [one, ...more] = subjects();
  return one && !more.length ? behind(one) : null;
}

export async function paste(text, where = place()) {
  const own = newest(text);
  if (!own) {
    say(words.pasteNothing, "blue");
    return;
  }
  await deed("paste", { clipboard: own, ...(where ?? { begin: 1 }) }, { quiet: true });
}

// What the browser remembers counts where the system's clipboard could not be written, or is not shown to us.
function newest(text) {
  const kept = remembered();
  if (kept && (!kept.written || text === null)) return kept.text;
  return activities(text) ? text : "";
}

// The newest text: that of the system where it may be read without a question, else what the browser remembers.
export async function pasteFromButton(where) {
  paste(await readable(), where);
}

async function readable() {
  try {
    const permission = await navigator.permissions.query({ name: "clipboard-read" });
    return permission.state === "granted" ? await navigator.clipboard.readText() : null;
  } catch {
    return null;
  }
}

// --- in the palette of a + ---------------------------------------------------------------------------

document.body.addEventListener("htmx:afterSwap", ({ detail }) => {
  const kept = detail.target === popover && remembered();
  const form = kept && popover.querySelector("form.palette");
  if (!form) return;
  const entry = document.getElementById("paste-entry").content.firstElementChild.cloneNode(true);
  const sentence = named(activities(kept.text), words.pasteOne, words.pasteMany);
  entry.querySelector("strong").textContent = sentence;
  entry.querySelector("button").dataset.words = sentence;
  form.querySelector(".palette-head").after(entry);
});

popover.addEventListener("click", (event) => {
  const button = event.target.closest("[data-paste]");
  if (!button) return;
  const where = Object.fromEntries(
    ["after", "port", "source", "source_port", "target", "target_port", "begin"]
      .map((name) => [name, button.form.elements.namedItem(name)?.value])
      .filter(([, value]) => value),
  );
  popover.hidePopover();
  pasteFromButton(where);
});
