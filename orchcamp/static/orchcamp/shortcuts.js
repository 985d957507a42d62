// The list of a page's shortcuts: by ? where nobody types, and by every [data-shortcuts]. And the switch that turns off
// those of a single letter or sign, for who dictates: the browser remembers it.

const sheet = document.getElementById("shortcuts");
const FIELDS = "input, textarea, select, [contenteditable], dialog";
const KEY = "singleKeys";
const off = () => localStorage.getItem(KEY) === "off";

// Before any other listener hears of the key.
addEventListener(
  "keydown",
  (event) => {
    const single = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (single && off() && !event.target.closest?.(FIELDS)) event.stopImmediatePropagation();
  },
  true,
);

for (const box of document.querySelectorAll("[data-single-keys]")) {
  box.checked = !off();
  box.addEventListener("change", () => {
    if (box.checked) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, "off");
  });
}

if (sheet) {
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-shortcuts]")) sheet.showModal();
    else if (event.target === sheet) sheet.close(); // beside it
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "?" || event.target.closest?.(FIELDS)) return;
    event.preventDefault();
    sheet.showModal();
  });
}
