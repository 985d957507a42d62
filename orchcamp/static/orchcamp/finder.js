// The command palette: Ctrl-K (or Cmd-K) opens it; it searches on the server and offers the buttons of this page too.

const finder = document.getElementById("finder");
const text = document.getElementById("finder-text");
const list = document.getElementById("finder-list");
const PAGE_BUTTONS = ".topbar-actions :is(a.button, button), .bar-actions :is(a, button), .zoom button, [data-command]";
const MOST_HERE = 6;

let opener = null; // where the focus goes back to
let chosen = null; // the option that Enter takes
let asked = false; // Enter was pressed before the answer was there

const fold = (words) => words.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
const options = () => [...list.querySelectorAll("[role=option]")];

function choose(option) {
  chosen?.setAttribute("aria-selected", "false");
  chosen = option ?? null;
  if (!chosen) return text.removeAttribute("aria-activedescendant");
  chosen.setAttribute("aria-selected", "true");
  chosen.scrollIntoView({ block: "nearest" });
  text.setAttribute("aria-activedescendant", chosen.id);
}

// --- what can be done on this page -----------------------------------------------------------------

function nameOf(button) {
  if (button.getAttribute("aria-label")) return button.getAttribute("aria-label");
  const copy = button.cloneNode(true);
  for (const icon of copy.querySelectorAll(".icon, .count")) icon.remove();
  return copy.textContent.trim().replace(/\s+/g, " ");
}

function usable(button) {
  return button.offsetParent && !button.disabled && button.getAttribute("aria-disabled") !== "true" && nameOf(button);
}

function pageButtons() {
  const words = fold(text.value).split(/\s+/).filter(Boolean);
  const fits = (button) => words.every((word) => ` ${fold(nameOf(button))}`.includes(` ${word}`));
  return [...document.querySelectorAll(PAGE_BUTTONS)].filter((button) => usable(button) && fits(button)).slice(0, MOST_HERE);
}

function optionFor(button, number) {
  const option = document.createElement("div");
  Object.assign(option, { className: "finder-hit", id: `here-${number}`, tabIndex: -1 });
  option.setAttribute("role", "option");
  option.setAttribute("aria-selected", "false");
  const icon = button.querySelector(".icon")?.cloneNode(true);
  const title = Object.assign(document.createElement("span"), { className: "finder-title", textContent: nameOf(button) });
  option.append(...[icon, title].filter(Boolean));
  option.addEventListener("click", () => {
    opener = null; // the button may move the focus itself
    finder.close();
    button.click();
  });
  return option;
}

function addPageButtons() {
  const buttons = pageButtons();
  if (!buttons.length) return;
  const group = document.createElement("div");
  const title = Object.assign(document.createElement("div"), { className: "finder-group", id: "found-here" });
  title.textContent = finder.dataset.here;
  group.setAttribute("role", "group");
  group.setAttribute("aria-labelledby", title.id);
  group.append(title, ...buttons.map(optionFor));
  const typed = text.value.trim();
  if (typed) list.append(group);
  else list.prepend(group);
  list.querySelector(".finder-none").hidden = true;
}

// --- opening and closing ---------------------------------------------------------------------------

function open() {
  if (finder.open || document.querySelector("dialog[open]")) return;
  opener = document.activeElement;
  finder.showModal();
  text.value = "";
  htmx.trigger(text, "look");
  text.focus();
}

finder?.addEventListener("close", () => {
  list.replaceChildren();
  choose(null);
  asked = false;
  if (opener?.isConnected) opener.focus({ preventScroll: true });
  opener = null;
});

document.addEventListener("keydown", (event) => {
  if (!finder || event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
  event.preventDefault();
  if (finder.open) finder.close();
  else open();
});

document.addEventListener("click", (event) => {
  if (!finder) return;
  if (event.target.closest("[data-finder-open]") && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    open();
  }
  if (event.target === finder || event.target.closest("[data-finder-close]")) finder.close();
});

// --- its keys --------------------------------------------------------------------------------------

text?.addEventListener("keydown", (event) => {
  const found = options();
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && found.length) {
    event.preventDefault();
    choose(found[(found.indexOf(chosen) + step + found.length) % found.length]);
  }
  if (event.key === "Enter") {
    event.preventDefault();
    if (text.classList.contains("htmx-request") || awaited !== text.value) asked = true;
    else chosen?.click();
  }
});

let awaited = ""; // the words that the list answers

document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target !== list) return;
  awaited = text.value;
  addPageButtons();
  const found = options();
  choose(found[0]);
  document.getElementById("finder-count").textContent = finder.dataset.counted.replace("{n}", found.length);
  if (asked) chosen?.click();
  asked = false;
});
