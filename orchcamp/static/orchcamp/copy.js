// Buttons that copy a text of the page: <button data-copies="id of the text" data-done="Copied" hidden>. Without scripts
// they stay hidden, and the text can be selected.

async function copy(button) {
  const text = document.getElementById(button.dataset.copies);
  try {
    await navigator.clipboard.writeText(text.textContent);
  } catch {
    getSelection().selectAllChildren(text);
    return;
  }
  const label = button.querySelector("span:last-child");
  const before = label.textContent;
  if (before === button.dataset.done) return;
  label.textContent = button.dataset.done;
  setTimeout(() => (label.textContent = before), 1500);
}

const show = () => document.querySelectorAll("[data-copies][hidden]").forEach((button) => (button.hidden = false));

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-copies]");
  if (button) copy(button);
});
document.addEventListener("htmx:afterSettle", show);
show();
