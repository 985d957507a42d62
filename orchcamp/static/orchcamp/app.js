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
  document.querySelector(".page").inert = open; // the focus does not go below the menu
  (open ? sidebar.querySelector("[data-menu-close]") : opener).focus();
}

if (opener && sidebar) {
  matchMedia("(min-width: 861px)").addEventListener("change", ({ matches }) => {
    if (matches && sidebar.classList.contains("open")) showMenu(false);
  });
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

let before = null; // where the keyboard was when it came to the toasts

toasts.addEventListener("focusin", ({ relatedTarget }) => {
  if (relatedTarget && !toasts.contains(relatedTarget)) before = relatedTarget;
});

function close(toast) {
  const within = toast.contains(document.activeElement);
  toast.remove();
  if (within) (toasts.querySelector("button") ?? before)?.focus();
}

function armToast(toast) {
  toast.querySelector("button").addEventListener("click", () => close(toast));
  if (toast.classList.contains("toast-red")) return; // an error stays until it is read
  let timer = setTimeout(() => close(toast), 7000);
  const hold = () => clearTimeout(timer);
  const letGo = () => (timer = setTimeout(() => close(toast), 3000));
  for (const kind of ["mouseenter", "focusin"]) toast.addEventListener(kind, hold);
  for (const kind of ["mouseleave", "focusout"]) toast.addEventListener(kind, letGo);
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

// --- requests ------------------------------------------------------------------------------------

// What was swapped in is bound by htmx some milliseconds later. Who is faster than that must not be sent to another page.
for (const kind of ["click", "change", "submit"]) {
  document.addEventListener(
    kind,
    ({ target }) => {
      const asks = target.closest?.("[hx-get], [hx-post]");
      if (asks && !asks["htmx-internal-data"]?.firstInitCompleted) htmx.process(asks);
    },
    true,
  );
}

// A choice that was made before the scripts were there, or that the browser put back after a reload, is heard too.
addEventListener("load", () => {
  for (const select of document.querySelectorAll("select[hx-get], select[hx-post]")) {
    const [first] = select.selectedOptions;
    if (first && !first.defaultSelected && select.querySelector("option[selected]")) htmx.trigger(select, "change");
  }
});

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

// Open menus made of <details class="menu"> close by Escape, by a click elsewhere, and when a panel is asked for in them.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target) || event.target.closest("a[hx-target='#panel'], button[hx-target='#panel']")) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
  if (menu) {
    event.preventDefault(); // one press closes one thing
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
