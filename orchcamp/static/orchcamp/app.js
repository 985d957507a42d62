// What every page shares: theme, phone menu, toasts, questions before a deed, errors of requests.

const words = document.body.dataset;

// --- theme ---------------------------------------------------------------------------------------

for (const button of document.querySelectorAll("[data-theme-toggle]")) {
  button.addEventListener("click", () => {
    const dark = document.documentElement.classList.contains("dark");
    localStorage.setItem("adminTheme", JSON.stringify(dark ? "light" : "dark"));
    dispatchEvent(new Event("theme-changed"));
  });
}

// --- phone menu ----------------------------------------------------------------------------------

const opener = document.querySelector("[data-menu-open]");
const sidebar = document.getElementById("sidebar");

function showMenu(open) {
  sidebar.classList.toggle("open", open);
  opener.setAttribute("aria-expanded", String(open));
  (open ? sidebar.querySelector("[data-menu-close]") : opener).focus();
}

if (opener && sidebar) {
  opener.addEventListener("click", (event) => {
    event.preventDefault();
    showMenu(true);
  });
  for (const closer of document.querySelectorAll("[data-menu-close]")) {
    closer.addEventListener("click", (event) => {
      event.preventDefault();
      showMenu(false);
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && sidebar.classList.contains("open")) showMenu(false);
  });
}

// --- toasts --------------------------------------------------------------------------------------

const ICONS = { green: "check_circle", blue: "info", orange: "warning", red: "error", gray: "info" };
const toasts = document.getElementById("toasts");

function armToast(toast) {
  toast.querySelector("button").addEventListener("click", () => toast.remove());
  if (toast.classList.contains("toast-red")) return; // an error stays until it is read
  let timer = setTimeout(() => toast.remove(), 7000);
  toast.addEventListener("mouseenter", () => clearTimeout(timer));
  toast.addEventListener("mouseleave", () => (timer = setTimeout(() => toast.remove(), 3000)));
}

export function showToast(message, tone = "green") {
  const toast = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
  toast.classList.add(`toast-${tone}`);
  toast.querySelector(".icon").textContent = ICONS[tone] ?? "info";
  toast.querySelector("p").textContent = message;
  toasts.append(toast);
  armToast(toast);
}

toasts.querySelectorAll(".toast").forEach(armToast);
document.body.addEventListener("toast", (event) => showToast(event.detail.message, event.detail.tone));

// --- requests that went wrong --------------------------------------------------------------------

document.body.addEventListener("htmx:responseError", (event) => {
  const { xhr } = event.detail;
  const plain = (xhr.getResponseHeader("Content-Type") ?? "").startsWith("text/plain");
  showToast(plain && xhr.responseText ? xhr.responseText : words.failed, "red");
});
document.body.addEventListener("htmx:sendError", () => showToast(words.offline, "red"));
document.body.addEventListener("htmx:timeout", () => showToast(words.offline, "red"));

// --- questions before a deed ---------------------------------------------------------------------

const dialog = document.getElementById("question");

function ask(question) {
  dialog.querySelector("p").textContent = question;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) =>
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }),
  );
}

document.body.addEventListener("htmx:confirm", async (event) => {
  if (!event.detail.question) return;
  event.preventDefault();
  if (await ask(event.detail.question)) event.detail.issueRequest(true);
});

document.addEventListener("submit", async (event) => {
  const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (!question || event.defaultPrevented || event.target.dataset.confirmed) return;
  event.preventDefault();
  const { target, submitter } = event;
  if (!(await ask(question))) return;
  target.dataset.confirmed = "yes";
  target.requestSubmit(submitter);
  delete target.dataset.confirmed;
});

// A form of filters is sent when a choice is made; without JavaScript its button does the same.
document.addEventListener("change", (event) => {
  if (event.target.closest("form[data-auto-submit]") && event.target.matches("select, [type=checkbox], [type=radio]")) {
    event.target.form.requestSubmit();
  }
});

// A deed that needs its object's name typed: the button waits for it.
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-typed]");
  if (form && event.target.name === "typed") {
    form.querySelector("button[type=submit]").disabled = event.target.value.trim() !== form.dataset.typed;
  }
});

// Open menus made of <details class="menu"> close by Escape and by a click elsewhere.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
