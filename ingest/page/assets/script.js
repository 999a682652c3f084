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

// What changes elsewhere is shown here: the page is fetched again, and what is different in it is marked.
const live = document.querySelector("[data-live]");
if (live) {
  const events = new EventSource(live.dataset.live);
  addEventListener("pagehide", () => events.close());
  let under = false, again = false;
  const follow = async () => {
    if (under) { again = true; return; }
    under = true;
    try {
      do {
        again = false;
        await renew();
      } while (again);
    } finally { under = false; }
  };
  const renew = async () => {
    const answer = await fetch(location.href);
    if (!answer.ok || answer.redirected) { return; }
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-live]");
    if (!fresh) { return; }
    const before = new Map([...live.querySelectorAll("[data-cell]")].map((cell) => [cell.dataset.cell, cell.textContent]));
    const cells = [...fresh.querySelectorAll("[data-cell]")].filter((cell) => before.get(cell.dataset.cell) !== cell.textContent);
    if (cells.length === 0) { return; }
    for (const cell of cells) { cell.classList.add("moved"); }
    live.replaceChildren(...document.adoptNode(fresh).childNodes);
    const told = document.querySelector("[data-updated]");
    if (told) { told.textContent = told.dataset.updated + " " + new Date().toLocaleTimeString(document.documentElement.lang); }
  };
  events.addEventListener("moved", follow);
}
