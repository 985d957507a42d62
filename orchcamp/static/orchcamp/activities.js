/* Settings panels: a press on a field's chip writes it where the person was writing. */

let last = null;

document.addEventListener("focusin", (event) => {
  if (event.target.matches("form textarea, form input[type=text], form input:not([type])")) last = event.target;
});

document.addEventListener("click", (event) => {
  const chip = event.target.closest("[data-insert]");
  if (!chip) return;
  const form = chip.closest("form");
  const box = last && form && form.contains(last) ? last : form && form.querySelector("textarea");
  if (!box) return;
  box.focus();
  box.setRangeText(chip.dataset.insert, box.selectionStart, box.selectionEnd, "end");
  box.dispatchEvent(new Event("input", { bubbles: true }));
});

/* Fields that matter only with another's value (data-shown-for="name=value name=value") show themselves then. */

function chosen(form, name) {
  const input = form.elements.namedItem(name);
  return input && input.type === "checkbox" ? String(input.checked) : input ? input.value : "";
}

function showFields(root) {
  for (const part of root.querySelectorAll("[data-shown-for]")) {
    const form = part.closest("form");
    const pairs = part.dataset.shownFor.split(" ").map((pair) => pair.split("="));
    const wrong = part.matches(".field-invalid"); // what has to be mended is never out of sight
    part.hidden = !wrong && Boolean(form) && !pairs.some(([name, value]) => chosen(form, name) === value);
  }
  for (const button of root.querySelectorAll("[data-redraw-button]")) button.hidden = true;
}

document.addEventListener("change", (event) => {
  const form = event.target.closest("form");
  if (!form || !form.querySelector("[data-shown-for], [data-redraw-button]")) return;
  showFields(form);
  const button = event.target.matches("[data-redraw]") && form.querySelector("[data-redraw-button]");
  if (button) form.requestSubmit(button);
});

document.addEventListener("htmx:load", (event) => showFields(event.target));
showFields(document);
