// What the page does beyond plain HTML: it works without this file.
"use strict";

// A file is dropped anywhere on its field.
for (const drop of document.querySelectorAll(".drop")) {
  const input = drop.querySelector("input[type=file]");
  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
  }
  for (const name of ["dragleave", "drop"]) {
    drop.addEventListener(name, () => drop.classList.remove("over"));
  }
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length > 0) {
      input.files = event.dataTransfer.files;
      input.focus();
    }
  });
}

// A form is sent once, and says so while it is under way.
for (const form of document.querySelectorAll("form[data-busy]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    const busy = form.querySelector(".busy");
    busy.replaceChildren(document.createElement("progress"), " " + form.dataset.busy);
    busy.hidden = false;
  });
}
// Whoever comes back to a page by the browser's button can use its forms again.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-busy]")) {
    delete form.dataset.sent;
    form.querySelector(".busy").hidden = true;
  }
});

// A token can be looked at before it is sent.
for (const field of document.querySelectorAll("[data-reveal]")) {
  const input = document.getElementById(field.dataset.reveal);
  const box = field.querySelector("input");
  field.hidden = false;
  box.addEventListener("change", () => { input.type = box.checked ? "text" : "password"; });
}

// The page is shown again once the verdict is there.
for (const waiting of document.querySelectorAll("[data-verdict]")) {
  const events = new EventSource(waiting.dataset.verdict);
  events.addEventListener("verdict", () => { events.close(); location.reload(); });
}
