// Beside a condition: how many rows satisfy it alone, and together with those before it; one, or each in turn.

import { nodeOf, ruleOf } from "./rules-deeds.js";

let turn = 0; // counting each in turn ends when this changes

function place(element) {
  const node = element.closest("[data-node]");
  return [...node.querySelectorAll("[data-figures-place]")].find((one) => one.closest("[data-node]") === node);
}

function count(element) {
  const [rule, target, ticket] = [ruleOf(element), place(element), crypto.randomUUID()];
  target.replaceChildren(rule.querySelector("[data-working]").content.cloneNode(true));
  target.querySelector("[data-figure-cancel]").dataset.ticket = ticket;
  return htmx.ajax("POST", rule.dataset.figures, {
    source: target,
    target,
    swap: "innerHTML settle:0ms",
    values: { name: rule.dataset.name, at: nodeOf(element), ticket },
  });
}

async function countEach(rule) {
  const mine = ++turn;
  for (const button of rule.querySelectorAll("button.rule-figure")) {
    if (mine !== turn || !rule.isConnected) return;
    await count(button);
  }
}

function cancel(button) {
  turn += 1;
  const address = ruleOf(button).dataset.cancel.replace("TICKET", button.dataset.ticket);
  htmx.ajax("POST", address, { source: document.body, swap: "none" });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-figure], [data-figure-all], [data-figure-cancel]");
  if (!button) return;
  if ("figureCancel" in button.dataset) cancel(button);
  else if ("figureAll" in button.dataset) countEach(ruleOf(button));
  else {
    const menu = button.closest("details.menu");
    if (menu) menu.open = false;
    count(button);
  }
});
