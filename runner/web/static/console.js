// What the pages do beyond htmx: copy a command, show that something is under way, look again.
"use strict";

function prepare(root) {
  for (const button of root.querySelectorAll(".copy")) {
    button.hidden = !navigator.clipboard;
  }
  for (const waiting of root.querySelectorAll("[data-reload]")) {
    setTimeout(() => location.reload(), Number(waiting.dataset.reload));
  }
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest(".copy");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = "Copy"; }, 2000);
});

// A change is asked for once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  if (event.target.method !== "post" || event.target.dataset.live !== undefined) return;
  if (event.target.dataset.asked) {
    event.preventDefault();
    return;
  }
  event.target.dataset.asked = "yes";
  event.target.classList.add("asked");
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-asked]")) {
    delete form.dataset.asked;
    form.classList.remove("asked");
  }
});

document.addEventListener("DOMContentLoaded", () => prepare(document));
document.addEventListener("htmx:afterSettle", (event) => prepare(event.target));
