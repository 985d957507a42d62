// What is typed while the server draws the rule anew is not lost: it is typed again into what was drawn.

const typed = new Map(); // id of an input -> its text, typed since the last request was sent
const later = new Map(); // what is to be typed again

document.addEventListener("input", (event) => {
  if (event.target.id && event.target.closest?.("[data-rule]")) typed.set(event.target.id, event.target.value);
});

document.addEventListener("htmx:configRequest", (event) => {
  if (event.target.closest?.("[data-rule]")) typed.clear();
});

document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, requestConfig } = event.detail;
  if (!target?.matches?.("[data-rule]")) return;
  if (requestConfig.parameters.do === "refresh") for (const [id, text] of typed) later.set(id, text);
  typed.clear();
});

document.addEventListener("htmx:afterSettle", () => {
  for (const [id, text] of later) {
    later.delete(id);
    const input = document.getElementById(id);
    if (!input || input.value === text) continue;
    input.value = text;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }
});
