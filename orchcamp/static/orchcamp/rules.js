// The rule builder: keyboard in the picker, values clicked into inputs, copying, counts that have become old.

function entries(picker) {
  return [...picker.querySelectorAll("[data-entry]")].filter((entry) => entry.offsetParent !== null);
}

function step(picker, by) {
  const all = entries(picker);
  const at = all.indexOf(document.activeElement);
  const next = at < 0 ? (by > 0 ? 0 : -1) : at + by;
  (all[next] ?? picker.querySelector("[data-picker-search]")).focus();
}

function closePicker(picker) {
  const place = picker.parentElement;
  const opener = document.querySelector(`[hx-target="#${CSS.escape(place.id)}"]`);
  picker.remove();
  opener?.focus();
}

document.addEventListener("keydown", (event) => {
  const picker = event.target.closest?.("[data-picker]");
  if (picker) {
    const branch = event.target.closest("summary")?.parentElement;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      step(picker, event.key === "ArrowDown" ? 1 : -1);
    } else if (branch && (event.key === "ArrowRight" || event.key === "ArrowLeft")) {
      branch.open = event.key === "ArrowRight";
    } else if (event.key === "Enter" && event.target.matches("[data-picker-search]")) {
      event.preventDefault(); // the first that was found, and never the form around
      entries(picker)[0]?.click();
    } else if (event.key === "Escape") {
      event.stopPropagation();
      closePicker(picker);
    }
  } else if (event.key === "Enter" && event.target.matches?.(".rule input:not([type=checkbox])")) {
    event.preventDefault(); // says what is meant; the form around is sent by its own button
    event.target.dispatchEvent(new Event("change", { bubbles: true }));
  }
});

function quoted(text) {
  return /[,"\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function fill(button) {
  const input = button.closest("[data-value]").querySelector("[data-say]:not([type=checkbox])");
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
  const text = button.parentElement.querySelector("pre").textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    getSelection().selectAllChildren(button.parentElement.querySelector("pre"));
  }
  button.classList.add("copied");
  setTimeout(() => button.classList.remove("copied"), 1500);
}

document.addEventListener("click", (event) => {
  const target = event.target.closest?.("[data-fill], [data-copy], [data-picker-close]");
  if (!target) return;
  if ("fill" in target.dataset) fill(target);
  else if ("copy" in target.dataset) copy(target);
  else closePicker(target.closest("[data-picker]"));
});

// A figure that was asked for before the rule changed stays, but says so.
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

// The form around learns that its rule has changed.
document.addEventListener("htmx:afterSettle", (event) => {
  const rule = event.detail.elt;
  if (rule?.matches?.("[data-rule]")) rule.dispatchEvent(new CustomEvent("rule-changed", { bubbles: true }));
});
