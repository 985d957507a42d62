// My work and the list of tasks: the focus goes to the next line when one is gone; one tick for a whole page.

let place = -1; // of the line whose button was pressed

document.addEventListener("submit", (event) => {
  const line = event.target.closest(".work-lines > li");
  if (line) place = [...line.parentElement.children].indexOf(line);
});

document.body.addEventListener("htmx:afterSettle", () => {
  count();
  if (place < 0 || document.activeElement !== document.body) return;
  const lines = document.querySelectorAll(".work-lines > li > a");
  (lines[Math.min(place, lines.length - 1)] ?? document.getElementById("content"))?.focus();
  place = -1;
});

// --- ticks -----------------------------------------------------------------------------------------

const picks = () => [...document.querySelectorAll("#task-rows .pick")];

function count() {
  const all = document.querySelector("#task-rows [data-pick-all]");
  if (!all) return;
  const ticked = picks().filter((box) => box.checked).length;
  all.hidden = picks().length === 0;
  all.checked = ticked > 0 && ticked === picks().length;
  all.indeterminate = ticked > 0 && ticked < picks().length;
}

document.addEventListener("change", (event) => {
  if (event.target.matches("#task-rows [data-pick-all]")) for (const box of picks()) box.checked = event.target.checked;
  if (event.target.matches("#task-rows .pick, #task-rows [data-pick-all]")) count();
});

count();
