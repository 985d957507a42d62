// Draws the charts of a report with Chart.js from the data beside them, in the colours of the theme.

const drawn = new Map();
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const faint = (value) => `color-mix(in srgb, ${value} 12%, transparent)`;

function datasets({ kind, series }) {
  return series.map(({ label, colour: name, values, hidden }) => {
    const line = colour(name);
    const shared = { label, data: values, hidden };
    if (kind !== "line") return { ...shared, backgroundColor: line, borderRadius: 3, maxBarThickness: 28 };
    return { ...shared, borderColor: line, backgroundColor: faint(line), fill: true, tension: 0.3, borderWidth: 2, pointRadius: 2 };
  });
}

function options({ kind, stacked, series }) {
  const words = { color: colour("text-muted"), font: { family: "Inter, sans-serif", size: 12 } };
  const numbers = { beginAtZero: true, stacked, grid: { color: colour("border") }, border: { display: false }, ticks: { ...words, precision: 0 } };
  const names = { stacked, grid: { display: false }, border: { color: colour("border") }, ticks: { ...words, maxRotation: 0, autoSkipPadding: 16 } };
  const lying = kind === "rows";
  return {
    indexAxis: lying ? "y" : "x",
    maintainAspectRatio: false,
    animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? false : { duration: 250 },
    interaction: { mode: "index", intersect: false, axis: lying ? "y" : "x" },
    scales: lying ? { x: numbers, y: names } : { x: names, y: numbers },
    plugins: { legend: { display: series.length > 1, align: "end", labels: { ...words, boxWidth: 10, boxHeight: 10, useBorderRadius: true, borderRadius: 5 } } },
  };
}

function draw(place) {
  const source = document.getElementById(place.dataset.chart);
  if (!source) return;
  const data = JSON.parse(source.textContent);
  drawn.get(place)?.destroy();
  drawn.set(
    place,
    new Chart(place.querySelector("canvas"), {
      type: data.kind === "line" ? "line" : "bar",
      data: { labels: data.labels, datasets: datasets(data) },
      options: options(data),
    }),
  );
}

function drawAll(root) {
  for (const [place, chart] of drawn) {
    if (place.isConnected) continue;
    chart.destroy();
    drawn.delete(place);
  }
  root.querySelectorAll("[data-chart]").forEach(draw);
}

drawAll(document);
document.body.addEventListener("htmx:load", (event) => drawAll(event.detail.elt));
new MutationObserver(() => drawAll(document)).observe(document.documentElement, { attributeFilter: ["class"] });
