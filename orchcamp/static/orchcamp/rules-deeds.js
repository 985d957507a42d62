// How a part of the page asks the server about the rule it is in.

export function ruleOf(element) {
  return element.closest("[data-rule]");
}

export function nodeOf(element) {
  return element.closest("[data-node]")?.dataset.node ?? "";
}

/** Send the whole rule with a deed; the answer takes the place of the rule, or of `target`. */
export function ask(element, deed, values = {}, target, swap = "outerHTML settle:0ms", source) {
  const rule = ruleOf(element);
  const sent = { name: rule.dataset.name, do: deed, at: nodeOf(element), ...values };
  return htmx.ajax("POST", rule.dataset.edit, {
    source: source ?? (target ? element : rule),
    target: target ?? rule,
    swap,
    values: sent,
  });
}
