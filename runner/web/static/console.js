// What the pages do beyond htmx: copy a command, show that something is under way, look again.
"use strict";

document.documentElement.classList.remove("unscripted");

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
  if (event.target.method !== "post" || event.target.dataset.many !== undefined) return;
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

// A choice that is a whole answer is sent at once.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-send]")) event.target.form.requestSubmit();
});

// The name of a column goes into the text where the cursor stands.
document.addEventListener("click", (event) => {
  const button = event.target.closest(".put");
  if (!button) return;
  const words = document.getElementById("words");
  words.setRangeText(button.dataset.put, words.selectionStart, words.selectionEnd, "end");
  words.focus();
  words.dispatchEvent(new Event("input", { bubbles: true }));
});

// A list can be dropped.
for (const type of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(type, (event) => {
    const form = document.querySelector("[data-drop]");
    if (!form || !event.dataTransfer) return;
    event.preventDefault();
    form.classList.toggle("over", type === "dragover");
    if (type !== "drop" || !event.dataTransfer.files.length) return;
    form.querySelector("input[type=file]").files = event.dataTransfer.files;
    form.requestSubmit();
  });
}

// What is drawn anew leaves a button that is being pressed in its place, and what was unfolded open.
const RENEWED = ["now", "list"];
let pressed = false;
let late = false;
let released = 0;

function renew() {
  late = pressed;
  if (pressed) return;
  for (const id of RENEWED) {
    const part = document.getElementById(id);
    if (part) htmx.trigger(part, "changed");
  }
}

document.addEventListener("pointerdown", () => {
  clearTimeout(released);
  pressed = true;
});
for (const type of ["pointerup", "pointercancel"]) {
  document.addEventListener(type, () => {
    released = setTimeout(() => {
      pressed = false;
      if (late) renew();
    }, 100); // once its click has been heard
  });
}
let unfolded = [];
document.addEventListener("htmx:beforeSwap", (event) => {
  if (!RENEWED.includes(event.detail.target.id)) return;
  if (pressed) {
    event.detail.shouldSwap = false;
    late = true;
  }
  unfolded = [...event.detail.target.querySelectorAll("details[open][id]")].map((one) => one.id);
});
document.addEventListener("htmx:afterSwap", () => {
  for (const id of unfolded) document.getElementById(id)?.setAttribute("open", "");
  unfolded = [];
});

// A page that is looked at hears of changes; one that is not needs no connection: a browser has few.
let events = null;

function listen() {
  const now = document.querySelector("[data-live]");
  if (events) events.close();
  events = null;
  if (!now || document.hidden) return;
  events = new EventSource(now.dataset.live);
  events.addEventListener("changed", renew);
  events.onopen = () => { document.getElementById("gone").hidden = true; };
  events.onerror = () => { document.getElementById("gone").hidden = false; };
}

document.addEventListener("visibilitychange", listen);
document.addEventListener("DOMContentLoaded", listen);
window.addEventListener("pagehide", () => { if (events) events.close(); });
