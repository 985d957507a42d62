// The board of a team: a card is dragged to another column, or goes there by Shift and an arrow. Both press its own button.

const MIME = "application/x-orchcamp-task";
let carried = null; // the card that is dragged
let goesOn = null; // the card that keeps the focus when the board is drawn again

const board = () => document.getElementById("board");
const cardOf = (id) => board()?.querySelector(`[data-task="${id}"]`);

function send(card, status) {
  const button = card.querySelector(`form[data-moves] button[value="${status}"]`);
  if (!button) return;
  goesOn = card.dataset.task;
  card.classList.add("board-card-going");
  button.click();
}

function mayGo(card, column) {
  return card.dataset.targets.split(" ").includes(column.dataset.status);
}

function clear() {
  for (const column of document.querySelectorAll(".column-offered, .column-over")) column.classList.remove("column-offered", "column-over");
}

document.addEventListener("dragstart", (event) => {
  carried = event.target.closest?.(".board-card[draggable=true]") ?? null;
  if (!carried) return;
  event.dataTransfer.setData(MIME, carried.dataset.task);
  event.dataTransfer.effectAllowed = "move";
  for (const column of board().querySelectorAll(".column")) column.classList.toggle("column-offered", mayGo(carried, column));
});

document.addEventListener("dragover", (event) => {
  const column = carried && event.target.closest?.(".column");
  for (const one of document.querySelectorAll(".column-over")) if (one !== column) one.classList.remove("column-over");
  if (!column || !mayGo(carried, column)) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "move";
  column.classList.add("column-over");
});

document.addEventListener("drop", (event) => {
  const column = carried && event.target.closest?.(".column");
  if (!column || !mayGo(carried, column)) return;
  event.preventDefault();
  send(carried, column.dataset.status);
});

document.addEventListener("dragend", () => {
  carried = null;
  clear();
});

document.addEventListener("keydown", (event) => {
  const title = event.target.closest?.(".board-title");
  if (!title || event.ctrlKey || event.metaKey || event.altKey) return;
  const side = { ArrowLeft: "left", ArrowRight: "right" }[event.key];
  if (event.shiftKey && side && title.dataset[side]) {
    event.preventDefault();
    send(title.closest(".board-card"), title.dataset[side]);
  }
});

document.addEventListener("submit", (event) => {
  const card = event.target.closest(".board-card");
  if (card) goesOn = card.dataset.task;
});

document.body.addEventListener("htmx:afterSettle", () => {
  if (!goesOn) return;
  const card = cardOf(goesOn);
  goesOn = null;
  card?.querySelector(".board-title").focus();
  card?.scrollIntoView({ block: "nearest" });
});
