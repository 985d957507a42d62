// Undo and redo: every state of a rule is remembered as long as its builder is open.

import { ask, ruleOf } from "./rules-deeds.js";

const STEPS = 200;
const histories = new Map(); // builder -> { past, now, future }
const typing = new WeakSet(); // inputs whose text nobody was told yet: their own undo comes first

function tree(rule) {
  return rule.querySelector("[data-tree]");
}

function record() {
  for (const rule of document.querySelectorAll("[data-rule]")) {
    const value = tree(rule).value;
    const known = histories.get(rule.dataset.builder);
    if (!known) histories.set(rule.dataset.builder, { past: [], now: value, future: [] });
    else if (known.now !== value) {
      known.past = [...known.past, known.now].slice(-STEPS);
      known.now = value;
      known.future = [];
    }
    show(rule);
  }
}

function show(rule) {
  const { past, future } = histories.get(rule.dataset.builder);
  for (const button of rule.querySelectorAll("[data-travel]")) {
    button.disabled = !(button.dataset.travel === "undo" ? past : future).length;
  }
}

function travel(rule, way) {
  const known = histories.get(rule.dataset.builder);
  const [from, to] = way === "undo" ? [known.past, known.future] : [known.future, known.past];
  if (!from.length) return;
  to.push(known.now);
  known.now = from.pop();
  tree(rule).value = known.now;
  ask(rule, "restore", { at: "" });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-travel]");
  if (button) travel(ruleOf(button), button.dataset.travel);
});

document.addEventListener("keydown", (event) => {
  const rule = event.target.closest?.("[data-rule]");
  if (!rule || !(event.ctrlKey || event.metaKey) || typing.has(event.target)) return;
  const key = event.key.toLowerCase();
  const way = key === "y" || (key === "z" && event.shiftKey) ? "redo" : key === "z" ? "undo" : "";
  if (!way) return;
  event.preventDefault();
  travel(rule, way);
});

document.addEventListener("input", (event) => {
  if (event.target.closest?.("[data-rule]")) typing.add(event.target);
});
document.addEventListener("change", (event) => typing.delete(event.target));
document.addEventListener("htmx:afterSettle", record);
document.addEventListener("htmx:oobAfterSwap", record);
record();
