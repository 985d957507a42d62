// Lights the way of one row on the canvas and in the outline. The way stands in the panel as attributes; it stays lit
// when another panel is opened, until it is cleared.

const workspace = document.getElementById("workspace");
const panel = document.getElementById("panel");
const chip = document.getElementById("way-chip");
let way = null; // {name, html, steps}

function read() {
  const found = panel.querySelector("[data-way]");
  if (!found) return;
  const steps = [...found.querySelectorAll("[data-lit-node]")].map(({ dataset }) => ({
    node: dataset.litNode,
    state: dataset.lit,
    word: dataset.litWord,
    ports: dataset.litPorts.split(" ").filter(Boolean),
    wires: dataset.litWires.split(" ").filter(Boolean),
  }));
  way = { name: found.dataset.way, html: panel.innerHTML, steps };
}

function clear() {
  for (const lit of workspace.querySelectorAll(":is(.canvas, .outline-view) [data-lit]")) {
    delete lit.dataset.lit;
    delete lit.dataset.litSaid;
  }
}

function light(selector, state, word = "") {
  for (const found of workspace.querySelectorAll(selector)) {
    found.dataset.lit = state;
    if (word) found.dataset.litSaid = word;
  }
}

function draw() {
  clear();
  workspace.classList.toggle("has-way", way !== null);
  for (const step of way?.steps ?? []) {
    light(`.canvas a[data-node="${CSS.escape(step.node)}"]`, step.state, step.word);
    for (const port of step.ports) light(`.canvas a[data-transition="${CSS.escape(port)}"]`, "passed");
    for (const wire of step.wires) light(`path[data-plus="insert-${CSS.escape(wire)}"]`, "passed");
  }
  chip.hidden = way === null || panel.querySelector("[data-way]") !== null;
  if (way) chip.querySelector("[data-way-name]").textContent = way.name;
}

chip.querySelector("[data-way-show]").addEventListener("click", () => {
  panel.innerHTML = way.html;
  htmx.process(panel);
  panel.focus();
});
chip.querySelector("[data-way-clear]").addEventListener("click", () => {
  way = null;
  draw();
  document.getElementById("explain-button")?.focus();
});

new MutationObserver(() => {
  read();
  draw();
}).observe(panel, { childList: true });
document.body.addEventListener("htmx:load", (event) => event.target.id === "canvas" && draw());
document.body.addEventListener("htmx:afterSettle", draw);
read();
draw();
