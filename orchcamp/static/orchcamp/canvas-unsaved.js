// What is typed in the panel of a node, or in a note, is not lost when the panel goes: it is saved by itself before
// something else is asked for, and where that cannot be, the panel comes back with what was typed and why. Before the
// page is left the browser asks.

import { panel } from "./canvas-scene.js";

const words = panel.dataset;
let start = null; // {form, text}: the form as it came
let discarded = false;
let saving = Promise.resolve(true); // whether the last of what was typed could be kept
let busy = 0; // how many are on their way

const FORMS = "#node-form, #note-form";
const form = () => panel.querySelector(FORMS);

// Passwords of forms change with every drawing of them, and the revision is none of the person's.
function read(of) {
  const data = new FormData(of);
  data.delete("csrfmiddlewaretoken");
  data.delete("revision");
  return JSON.stringify([...data].map(([name, value]) => [name, value instanceof File ? value.name : value]));
}

function begin() {
  const now = form();
  start = now && editableForm(now) ? { form: now, text: read(now) } : null;
  show();
}

const editableForm = (of) => of.hasAttribute("hx-post");

export function dirty() {
  const now = form();
  if (!now || !start || start.form !== now) return false;
  return now.hasAttribute("data-unsaved") || read(now) !== start.text;
}

function show() {
  const button = panel.querySelector("[data-discard]");
  if (button) button.hidden = !dirty();
}

panel.addEventListener("input", show);
panel.addEventListener("change", show);
panel.addEventListener("click", (event) => {
  if (event.target.closest("[data-discard]")) discarded = true;
});
document.body.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (detail.target === panel) begin();
  else if (panel.contains(detail.target)) show();
});

// --- the panel goes ----------------------------------------------------------------------------------

const own = (asked) => Boolean(asked?.closest?.(FORMS) || asked?.form?.matches?.(FORMS));

// What is asked for the panel waits for what is typed in it: it shall not show, nor build on, what was before. The
// gestures of the canvas wait by themselves.
document.body.addEventListener("htmx:confirm", (event) => {
  const { target, elt, issueRequest, question } = event.detail;
  if (target !== panel || elt === document.body || question || elt.matches("[data-discard]") || own(elt)) return;
  if (!dirty() && !busy) return;
  event.preventDefault();
  flush().then((kept) => kept && issueRequest(true));
});

// Save what is typed now; whether everything is kept.
export function flush() {
  keep(0);
  return saved();
}

// Wait for what is being saved.
export const saved = () => (busy ? saving : Promise.resolve(true));

document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.target !== panel || !detail.shouldSwap || detail.swapOverride === "none") return;
  if (!own(detail.requestConfig?.elt) && !discarded) keep(told(detail.xhr));
  discarded = false;
});

const closes = (event) =>
  event.type === "click" ? event.target.closest?.("[data-close-panel]") : event.key === "Escape" && !event.target.closest?.("input, textarea, select, [popover], dialog");

for (const kind of ["click", "keydown"]) {
  document.addEventListener(kind, (event) => closes(event) && !document.querySelector("details.menu[open]") && keep(0), true);
}

function told(xhr) {
  for (const name of ["HX-Trigger", "HX-Trigger-After-Settle"]) {
    const text = xhr.getResponseHeader(name);
    if (text?.startsWith("{")) return JSON.parse(text)["canvas-changed"]?.revision ?? 0;
  }
  return 0;
}

// Save what is typed; ``revision`` is that of our own change that takes the panel away, if it is one.
function keep(revision) {
  if (!dirty()) return;
  const now = form();
  const data = new FormData(now);
  if (revision && Number(data.get("revision")) === revision - 1) data.set("revision", String(revision));
  data.set("auto", "1");
  start = null;
  busy += 1;
  saving = save(now.action, data).finally(() => (busy -= 1));
}

async function save(address, data) {
  const headers = { "HX-Request": "true", "X-CSRFToken": data.get("csrfmiddlewaretoken") };
  const answer = await fetch(address, { method: "POST", body: data, headers }).catch(() => null);
  const changed = answer?.ok ? told({ getResponseHeader: (name) => answer.headers.get(name) }) : 0;
  if (changed) {
    htmx.trigger(document.body, "canvas-changed", { revision: changed });
    return true;
  }
  if (answer?.status === 204) return true; // nothing to keep: a note without words
  if (!answer || ![200, 409].includes(answer.status)) return back(document.body.dataset.offline);
  htmx.swap(panel, await answer.text(), { swapStyle: "innerHTML" });
  begin();
  return back(words.kept);
}

function back(message) {
  htmx.trigger(document.body, "toast", { message, tone: "red" });
  return false;
}

// Forms that are open elsewhere go on from our own change, before the drawing has followed.
document.body.addEventListener("canvas-changed", ({ detail }) => {
  const revision = Number(detail?.revision);
  if (!revision) return;
  for (const input of document.querySelectorAll(".workspace input[name=revision]")) {
    if (Number(input.value) === revision - 1) input.value = String(revision);
  }
});

addEventListener("beforeunload", (event) => dirty() && event.preventDefault());
// A form that is sent without us is no reason to ask.
document.addEventListener("submit", (event) => event.target === form() && !event.defaultPrevented && (start = null));

begin();
