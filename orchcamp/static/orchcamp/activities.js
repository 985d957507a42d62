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
