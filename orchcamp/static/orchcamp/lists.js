// The list of campaigns: ticks that are counted, and one tick for the whole page.

const picks = () => [...document.querySelectorAll("#campaign-rows .pick")];

function count() {
  const all = document.querySelector("[data-pick-all]");
  const said = document.querySelector(".many-count");
  if (!all || !said) return;
  const boxes = picks();
  const ticked = boxes.filter((box) => box.checked).length;
  all.hidden = false;
  all.checked = ticked > 0 && ticked === boxes.length;
  all.indeterminate = ticked > 0 && ticked < boxes.length;
  said.textContent = ticked === 1 ? said.dataset.one : said.dataset.many.replace("{n}", ticked);
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-pick-all]")) {
    for (const box of picks()) box.checked = event.target.checked;
  }
  if (event.target.matches(".pick, [data-pick-all]")) count();
});

// Shift and a click tick everything between this row and the one before.
let last = null;
document.addEventListener("click", (event) => {
  if (!event.target.matches(".pick")) return;
  const boxes = picks();
  const [from, to] = [boxes.indexOf(last), boxes.indexOf(event.target)].sort((a, b) => a - b);
  if (event.shiftKey && from >= 0) {
    for (const box of boxes.slice(from, to + 1)) box.checked = event.target.checked;
    count();
  }
  last = event.target;
});

document.body.addEventListener("htmx:afterSettle", count);
addEventListener("pageshow", count);
count();
