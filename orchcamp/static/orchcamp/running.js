// Looks at what moves only while somebody looks: a hidden tab asks nothing, and asks at once when it is shown again.

const polled = () => document.querySelectorAll("[data-poll]");

document.body.addEventListener("htmx:beforeRequest", (event) => {
  const { elt, requestConfig } = event.detail;
  const byItself = !requestConfig.triggeringEvent && elt.matches("[data-poll]");
  if (byItself && document.hidden) event.preventDefault();
});

document.addEventListener("visibilitychange", () => {
  if (!document.hidden && polled().length) htmx.trigger(document.body, "run-changed", {});
});

// A button that was drawn anew while its press was on its way: what its answer tells is told all the same.
document.body.addEventListener("htmx:beforeRequest", (event) => {
  const { elt, xhr } = event.detail;
  if (!elt.matches(".run-controls form, .step-controls form, .failure form, .node-live form")) return;
  xhr.addEventListener("load", () => {
    if (!elt.isConnected) htmx.trigger(document.body, "run-changed", {});
  });
});

// Two runs to compare: a third takes the place of the one that was chosen first.
const chosen = [];
document.addEventListener("change", (event) => {
  const box = event.target.closest("[data-compare] [type=checkbox]");
  if (!box) return;
  const at = chosen.indexOf(box);
  if (at >= 0) chosen.splice(at, 1);
  if (box.checked) chosen.push(box);
  while (chosen.length > 2) chosen.shift().checked = false;
});
