// Names after an @ in a comment: suggested as one types, chosen with the arrows and Enter, or by a press.

const PARTLY = /(?:^|[\s([{"'“‘,;:/])@([\w.+-]{0,60})$/; // what stands before the caret while a name is typed

const fieldOf = (text) => text.closest(".mention-field");
const listOf = (text) => fieldOf(text).querySelector("[role=listbox]");
const options = (list) => [...list.querySelectorAll("[role=option]")];
const isOpen = (text) => !listOf(text).hidden;

function partly(text) {
  if (text.selectionStart !== text.selectionEnd) return null;
  return PARTLY.exec(text.value.slice(0, text.selectionStart))?.[1] ?? null;
}

function choose(text, option) {
  const list = listOf(text);
  for (const one of options(list)) one.setAttribute("aria-selected", String(one === option));
  if (!option) return text.removeAttribute("aria-activedescendant");
  text.setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

function close(text) {
  const list = listOf(text);
  list.hidden = true;
  list.replaceChildren();
  fieldOf(text).querySelector("[data-people-count]").textContent = "";
  choose(text, null);
}

const latest = new WeakMap(); // a field -> the request whose answer it waits for

async function suggest(text) {
  const typed = partly(text);
  const turn = (latest.get(text) ?? 0) + 1;
  latest.set(text, turn);
  if (typed === null) return close(text);
  const list = listOf(text);
  await htmx.ajax("GET", `${fieldOf(text).dataset.people}?q=${encodeURIComponent(typed)}`, { source: list, target: list, swap: "innerHTML" });
  if (latest.get(text) !== turn || !text.isConnected) return;
  const found = options(list);
  if (partly(text) !== typed || !found.length) return close(text);
  list.hidden = false;
  fieldOf(text).querySelector("[data-people-count]").textContent = fieldOf(text).dataset.counted.replace("{n}", found.length);
  choose(text, found[0]);
}

function insert(text, option) {
  const typed = partly(text);
  close(text);
  if (typed === null) return;
  text.focus();
  text.setRangeText(`${option.dataset.name} `, text.selectionStart - typed.length, text.selectionStart, "end");
}

let waits = 0;

document.addEventListener("input", (event) => {
  const text = event.target;
  if (!text.matches?.("[data-mentions]")) return;
  clearTimeout(waits);
  waits = setTimeout(() => suggest(text), partly(text) === null ? 0 : 120);
});

document.addEventListener(
  "keydown",
  (event) => {
    const text = event.target;
    if (!text.matches?.("[data-mentions]")) return;
    if (isOpen(text)) {
      const list = listOf(text);
      const found = options(list);
      const here = found.findIndex((one) => one.getAttribute("aria-selected") === "true");
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) choose(text, found[(here + step + found.length) % found.length]);
      else if ((event.key === "Enter" || event.key === "Tab") && here >= 0) insert(text, found[here]);
      else if (event.key === "Escape") close(text);
      else return;
      event.preventDefault();
      event.stopPropagation(); // one press does one thing: the panel around it stays
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      text.form.requestSubmit();
    }
  },
  true,
);

document.addEventListener("mousedown", (event) => {
  const option = event.target.closest(".people [role=option]");
  if (!option) return;
  event.preventDefault(); // the focus stays in the text
  insert(option.closest(".mention-field").querySelector("[data-mentions]"), option);
});

document.addEventListener("focusout", (event) => {
  if (event.target.matches?.("[data-mentions]") && event.target.isConnected) close(event.target);
});
