// Uploads: what is going on is shown, and a choice of dataset is taken at once.

function show(form, words, percent) {
  const place = form.querySelector(".data-progress");
  if (!place) return;
  const label = place.querySelector("span");
  const bar = place.querySelector("progress");
  place.hidden = false;
  label.textContent = percent === null ? `${label.dataset[words]}…` : `${label.dataset[words]} ${percent} %`;
  if (percent === null) bar.removeAttribute("value");
  else bar.value = percent;
}

document.body.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.matches("form[data-upload]")) show(event.target, "uploading", null);
});

document.body.addEventListener("htmx:xhr:progress", (event) => {
  const { loaded, total } = event.detail;
  if (!event.target.matches("form[data-upload]") || !total) return;
  const percent = Math.round((loaded / total) * 100);
  if (percent >= 100) show(event.target, "reading", null);
  else show(event.target, "uploading", percent);
});

document.body.addEventListener("htmx:afterRequest", (event) => {
  if (!event.target.matches("form[data-upload]") || event.detail.successful) return;
  const place = event.target.querySelector(".data-progress");
  if (place) place.hidden = true;
});

for (const choice of document.querySelectorAll("[data-submit-on-change]")) {
  choice.form.querySelector("button").hidden = true;
  choice.addEventListener("change", () => choice.form.submit());
}
