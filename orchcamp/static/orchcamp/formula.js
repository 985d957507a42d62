// The expression editor: what is chosen is put in at the cursor, what is typed is checked at once.

const PAUSE = 350;
const waiting = new WeakMap();

function inputOf(element) {
  const editor = element.closest("[data-formula-editor]");
  return editor && document.getElementById(editor.dataset.target);
}

export function editorOf(input) {
  return document.querySelector(`[data-formula-editor][data-target="${CSS.escape(input.id)}"]`);
}

function check(input, pause) {
  const editor = editorOf(input);
  if (!editor) return;
  clearTimeout(waiting.get(input));
  const go = () => htmx.trigger(editor.querySelector("[data-formula-check]"), "check");
  waiting.set(input, setTimeout(go, pause));
}

function grow(input) {
  input.rows = Math.min(12, Math.max(Number(input.dataset.rows ?? 1), input.value.split("\n").length));
}

function put(button) {
  const input = inputOf(button);
  input.setRangeText(button.dataset.insert, input.selectionStart, input.selectionEnd, "end");
  input.focus();
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

function close(element) {
  const input = inputOf(element);
  element.closest("[data-formula-editor]").remove();
  input.focus();
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

function search(input) {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  const list = input.closest(".formula-list");
  let found = 0;
  for (const category of list.querySelectorAll("[data-category]")) {
    let here = 0;
    for (const item of category.querySelectorAll(".formula-item")) {
      item.hidden = !words.every((word) => item.dataset.words.includes(word));
      here += !item.hidden;
    }
    category.hidden = !here;
    category.open = words.length > 0 && here > 0;
    found += here;
  }
  list.querySelector("[data-formula-none]").hidden = found > 0;
}

// What Enter means in a search: the one that begins so, else the first that was found.
function first(input) {
  const items = [...input.closest(".formula-list").querySelectorAll(".formula-item")];
  const found = items.filter((item) => item.offsetParent !== null);
  const word = input.value.trim().toLowerCase();
  return found.find((item) => item.dataset.insert.toLowerCase().startsWith(word)) ?? found[0];
}

document.addEventListener("input", (event) => {
  if (event.target.matches?.("[data-formula-search]")) search(event.target);
  if (!event.target.matches?.("[data-formula]")) return;
  grow(event.target);
  check(event.target, PAUSE);
});

document.addEventListener("click", (event) => {
  const target = event.target.closest?.("[data-insert], [data-formula-goto], [data-formula-close]");
  if (!target || !inputOf(target)) return;
  if ("insert" in target.dataset) put(target);
  else if ("formulaClose" in target.dataset) close(target);
  else {
    const [input, at] = [inputOf(target), Number(target.dataset.formulaGoto)];
    input.focus();
    input.setSelectionRange(at, Math.min(at + 1, input.value.length));
  }
});

document.addEventListener("keydown", (event) => {
  const editor = event.target.closest?.("[data-formula-editor]");
  if (editor && event.key === "Escape") {
    event.stopPropagation();
    close(event.target);
  } else if (editor && event.key === "Enter" && event.target.matches("input")) {
    event.preventDefault(); // the first that was found, and never the form around
    first(event.target)?.click();
  } else if (event.key === "Escape" && event.target.matches?.("[data-formula]") && editorOf(event.target)) {
    event.stopPropagation();
    close(editorOf(event.target));
  } else if (event.target.matches?.("[data-formula]") && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.target.dispatchEvent(new Event("change", { bubbles: true }));
  }
});

document.addEventListener("htmx:configRequest", (event) => {
  const element = event.target.closest?.("[data-formula-check]");
  if (!element) return;
  const editor = element.closest("[data-formula-editor]");
  Object.assign(event.detail.parameters, {
    text: inputOf(element).value,
    target: editor.dataset.target,
    scope: editor.querySelector("[data-formula-scope]").value,
    expects: editor.querySelector("[data-formula-expects]").value,
    figure: editor.querySelector("[data-formula-figure]").value,
  });
});
document.addEventListener("htmx:afterSettle", () => document.querySelectorAll("[data-formula]").forEach(grow));
