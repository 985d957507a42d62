// The rule builder: deeds, keyboard in lists, values clicked into inputs, copying, counts that have become old.

import "./rules-drag.js";
import "./rules-figures.js";
import "./rules-history.js";
import "./rules-typing.js";
import { editorOf } from "./formula.js";
import { ask, ruleOf } from "./rules-deeds.js";

// --- deeds: a button says what to do, its node where -----------------------------------------------

function said(element) {
  const { do: deed, to, panel, when, entry, askFirst, star, about, ...values } = element.dataset;
  const place = panel ? `#${element.closest("[data-node]").id}_${panel}` : to;
  return { deed, to: place, askFirst, values };
}

function perform(button) {
  const { deed, to, askFirst, values } = said(button);
  if (askFirst && !confirmed(button, askFirst)) return;
  closeMenu(button);
  if ("star" in button.dataset) ask(button, deed, values, button, "outerHTML settle:0ms");
  else if ("about" in button.dataset) about(button, deed, values);
  else if (to) open(button, deed, values, document.querySelector(to));
  else ask(button, deed, values);
}

async function open(button, deed, values, place) {
  const wait = document.createElement("span");
  wait.className = "spinner";
  place.replaceChildren(wait);
  await ask(button, deed, values, place, "innerHTML settle:0ms");
  wait.remove();
}

const answered = new WeakSet();

function confirmed(button, question) {
  if (answered.has(button)) return answered.delete(button);
  const go = () => {
    answered.add(button);
    button.click();
  };
  const detail = { question, elt: button, issueRequest: go };
  const event = new CustomEvent("htmx:confirm", { bubbles: true, cancelable: true, detail });
  return button.dispatchEvent(event); // app.js shows the question, and goes on when it is answered with yes
}

function closeMenu(button) {
  const menu = button.closest("details.menu");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
}

function about(button, deed, values) {
  const place = button.closest(".rule-entry-row").nextElementSibling;
  const closed = !place.hasChildNodes();
  button.setAttribute("aria-expanded", String(closed));
  if (closed) open(button, deed, values, place);
  else place.replaceChildren();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-rule] [data-do]");
  if (button) perform(button);
});

document.addEventListener("change", (event) => {
  const { target } = event;
  if (!target.closest?.("[data-rule]")) return;
  const editing = "formula" in target.dataset && editorOf(target); // stays open until it is closed
  if ("refresh" in target.dataset && !editing) ask(target, "refresh");
  else if ("say" in target.dataset) {
    const sentence = ruleOf(target).querySelector("[data-sentence]");
    ask(target, "sentence", {}, sentence, "outerHTML settle:0ms", sentence);
  }
});

// --- keyboard ------------------------------------------------------------------------------------

function pressed(event) {
  const parts = [event.ctrlKey || event.metaKey ? "Control" : "", event.altKey ? "Alt" : "", event.key];
  return parts.filter(Boolean).join("+");
}

const KEYS = {
  "Alt+ArrowUp": "up",
  "Alt+ArrowDown": "down",
  "Alt+ArrowLeft": "outdent",
  "Alt+ArrowRight": "indent",
  "Control+c": "copy",
  "Control+x": "cut",
  "Control+v": "paste",
  Delete: "remove",
};
const SELDOM = new Set(["up", "down", "outdent", "indent"]);

// On the menu of a part its commands have keys; what was copied goes into the group, or behind the condition.
document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("[data-rule] summary") && event.target.parentElement;
  const deed = menu?.dataset.menu && KEYS[pressed(event)];
  if (!deed || (menu.dataset.menu === "more" && deed !== "paste")) return;
  const node = menu.closest("[data-node]");
  if (SELDOM.has(deed) && !node.dataset.can.split(" ").includes(deed)) return;
  event.preventDefault();
  const group = node.classList.contains("rule-group") || !node.dataset.node;
  const at = deed === "paste" && !group ? node.dataset.node.replace(/\.?\d+$/, "") : node.dataset.node;
  staying = menu.dataset.menu === "part";
  ask(node, deed, { at });
});

let staying = false; // the menu's keys can be pressed again: the focus follows the part
document.addEventListener("htmx:afterSettle", () => {
  if (!staying) return;
  staying = false;
  document.querySelector("[data-focus] .rule-menu > summary")?.focus();
});

// What a menu offers is in one template for the whole rule: parts are many.
document.addEventListener(
  "toggle",
  (event) => {
    const menu = event.target;
    if (!menu.matches?.("[data-menu]") || !menu.open || menu.children.length > 1) return;
    const can = menu.closest("[data-node]").dataset.can.split(" ");
    const list = ruleOf(menu).querySelector(`[data-menu-of="${menu.dataset.menu}"]`).content.cloneNode(true);
    for (const item of list.querySelectorAll("[data-when]")) {
      if (!can.includes(item.dataset.when || item.dataset.do)) item.remove();
    }
    menu.append(list);
  },
  true,
);

function entries(picker) {
  return [...picker.querySelectorAll("[data-entry]")].filter((entry) => entry.offsetParent !== null);
}

function step(picker, by) {
  const all = entries(picker);
  const at = all.indexOf(document.activeElement);
  const next = at < 0 ? (by > 0 ? 0 : -1) : at + by;
  (all[next] ?? picker.querySelector("[data-picker-search]") ?? all[0])?.focus();
}

function closePicker(picker) {
  const place = picker.parentElement;
  const panel = place.id.split("_").at(-1);
  const opener = place.closest("[data-node]").querySelector(`[data-panel="${panel}"]`);
  picker.remove();
  const menu = opener?.closest("details.menu");
  (menu ? menu.querySelector("summary") : opener)?.focus();
}

document.addEventListener("keydown", (event) => {
  const picker = event.target.closest?.("[data-picker]");
  if (picker) {
    const branch = event.target.closest("summary")?.parentElement;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (event.target.matches("select, [type=radio]")) return;
      event.preventDefault();
      step(picker, event.key === "ArrowDown" ? 1 : -1);
    } else if (branch && (event.key === "ArrowRight" || event.key === "ArrowLeft")) {
      branch.open = event.key === "ArrowRight";
    } else if (event.key === "Enter" && event.target.matches("input")) {
      event.preventDefault(); // the first that was found, and never the form around
      if (event.target.matches("[data-picker-search]")) entries(picker)[0]?.click();
    } else if (event.key === "Escape") {
      event.stopPropagation();
      closePicker(picker);
    }
  } else if (event.key === "Enter" && event.target.matches?.(".rule input:not([type=checkbox])")) {
    event.preventDefault(); // says what is meant; the form around is sent by its own button
    event.target.dispatchEvent(new Event("change", { bubbles: true }));
  }
});

// --- values --------------------------------------------------------------------------------------

function quoted(text) {
  return /[,"\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function fill(button) {
  const input = button.closest("[data-value]").querySelector("[data-fills]");
  const value = button.dataset.fill;
  const list = "many" in input.dataset;
  if (!list) input.value = value;
  else if (!`, ${input.value}, `.includes(`, ${quoted(value)}, `)) {
    input.value = [input.value.trim().replace(/,$/, ""), quoted(value)].filter(Boolean).join(", ");
  }
  if (!list) button.closest("details").open = false;
  input.dispatchEvent(new Event("change", { bubbles: true }));
  if (!list) input.focus();
}

async function copy(button) {
  const pre = button.parentElement.querySelector("pre");
  try {
    await navigator.clipboard.writeText(pre.textContent);
  } catch {
    getSelection().selectAllChildren(pre);
  }
  button.classList.add("copied");
  setTimeout(() => button.classList.remove("copied"), 1500);
}

function widen(button) {
  const wide = document.body.classList.toggle("rule-wide");
  button.setAttribute("aria-pressed", String(wide));
}

document.addEventListener("click", (event) => {
  const target = event.target.closest?.("[data-fill], [data-copy], [data-picker-close], [data-widen]");
  if (!target) return;
  if ("fill" in target.dataset) fill(target);
  else if ("copy" in target.dataset) copy(target);
  else if ("widen" in target.dataset) widen(target);
  else closePicker(target.closest("[data-picker]"));
});

// A menu that would leave the window opens to the other side.
document.addEventListener(
  "toggle",
  (event) => {
    const menu = event.target;
    if (!menu.matches?.(".rule details.menu") || !menu.open) return;
    const list = menu.querySelector(":scope > :not(summary)");
    menu.classList.remove("menu-above", "menu-start");
    const box = list.getBoundingClientRect();
    menu.classList.toggle("menu-start", box.left < 8);
    menu.classList.toggle("menu-above", box.bottom > innerHeight - 8 && box.height < menu.getBoundingClientRect().top);
  },
  true,
);

// --- figures that have become old; what others learn -----------------------------------------------

for (const kind of ["input", "change"]) {
  document.addEventListener(kind, (event) => {
    if (event.target.matches?.("[data-say]")) {
      event.target.closest(".rule")?.querySelector(".rule-answer")?.classList.add("rule-stale");
    }
  });
}
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target?.matches?.(".rule-answer")) event.detail.target.classList.remove("rule-stale");
});
document.addEventListener("htmx:afterSettle", (event) => {
  const rule = event.detail.elt;
  if (rule?.matches?.("[data-rule]")) rule.dispatchEvent(new CustomEvent("rule-changed", { bubbles: true }));
  for (const button of document.querySelectorAll("[data-widen]")) {
    button.setAttribute("aria-pressed", String(document.body.classList.contains("rule-wide")));
  }
});
