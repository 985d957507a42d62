// A small choice where the person looks: one press more, Enter for the first, Escape for none.

let answer = null;

// Open one of the page's choices at a place of the screen; what was chosen, or "" for nothing.
export function choose(id, at, back = document.activeElement) {
  const popover = document.getElementById(id);
  answer?.("");
  popover.showPopover();
  const own = popover.getBoundingClientRect();
  popover.style.left = `${Math.max(12, Math.min(at.x, innerWidth - own.width - 12))}px`;
  popover.style.top = `${Math.max(12, Math.min(at.y, innerHeight - own.height - 12))}px`;
  popover.querySelector("button").focus();
  return new Promise((resolve) => {
    answer = (chosen) => {
      answer = null;
      if (popover.matches(":popover-open")) popover.hidePopover();
      if (back?.isConnected && back !== document.body) back.focus({ preventScroll: true });
      resolve(chosen);
    };
  });
}

for (const popover of document.querySelectorAll(".choice")) {
  popover.addEventListener("click", (event) => {
    const button = event.target.closest("button[value]");
    if (button) answer?.(button.value);
  });
  popover.addEventListener("toggle", (event) => event.newState === "closed" && answer?.(""));
  popover.addEventListener("keydown", (event) => {
    const buttons = [...popover.querySelectorAll("button")];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length].focus();
  });
}
