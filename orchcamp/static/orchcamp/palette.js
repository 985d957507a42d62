// The palette of activities: where it opens, its search, its keys.

const workspace = document.getElementById("workspace");
const popover = document.getElementById("palette-popover");
let opener = null; // the + button that asked for the palette

document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target === popover) showPopover();
});

workspace.addEventListener("click", (event) => {
  const plus = event.target.closest("[aria-haspopup=dialog]");
  if (plus) opener = plus;
});

function showPopover() {
  if (!popover.matches(":popover-open")) popover.showPopover();
  const anchor = (opener?.isConnected ? opener : document.getElementById(opener?.id)) ?? workspace;
  const box = anchor.getBoundingClientRect();
  const own = popover.getBoundingClientRect();
  const left = Math.max(12, Math.min(box.right + 8, innerWidth - own.width - 12));
  const top = Math.max(12, Math.min(box.top - 12, innerHeight - own.height - 12));
  popover.style.left = `${left}px`;
  popover.style.top = `${top}px`;
  popover.querySelector("input[type=search]").focus();
}

popover.addEventListener("toggle", (event) => {
  if (event.newState === "closed" && popover.contains(document.activeElement)) {
    document.getElementById(opener?.id)?.focus({ preventScroll: true });
  }
});

function search(input) {
  const words = input.value.trim().toLowerCase().split(/\s+/);
  const palette = input.closest(".palette");
  let shown = 0;
  for (const item of palette.querySelectorAll(".palette-item")) {
    const text = item.dataset.words.toLowerCase();
    item.hidden = !words.every((word) => text.includes(word));
    shown += item.hidden ? 0 : 1;
  }
  for (const group of palette.querySelectorAll(".palette-group")) {
    group.hidden = !group.querySelector(".palette-item:not([hidden])");
  }
  palette.querySelector(".palette-none").hidden = shown > 0;
}

workspace.addEventListener("input", (event) => {
  if (event.target.matches("[data-palette-search]")) search(event.target);
});

workspace.addEventListener("keydown", (event) => {
  const palette = event.target.closest(".palette");
  if (!palette) return;
  const items = [...palette.querySelectorAll(".palette-item:not([hidden])")];
  if (event.key === "Enter" && event.target.matches("[data-palette-search]")) {
    event.preventDefault();
    items[0]?.click();
  }
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    event.preventDefault();
    const at = items.indexOf(document.activeElement);
    items[Math.max(0, Math.min(items.length - 1, at + step))]?.focus();
  }
});
