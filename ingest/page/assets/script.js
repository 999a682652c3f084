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
document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-busy]");
  if (!form) { return; }
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "yes";
  const busy = form.querySelector(".busy");
  busy.replaceChildren(document.createElement("progress"), " " + form.dataset.busy);
  busy.hidden = false;
});
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

// What changes elsewhere is shown here: the page is fetched again, and what is different in its live
// parts is marked. A part in which somebody has begun to write stays as it is.
const live = document.querySelectorAll("[data-live]");
if (live.length > 0) {
  const cellsOf = (part) => new Map([...part.querySelectorAll("[data-cell]")].map((cell) => [cell.dataset.cell, cell]));
  const written = (part) => [...part.querySelectorAll("textarea, input")].some((field) => field === document.activeElement || field.value !== field.defaultValue);
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
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelectorAll("[data-live]");
    if (fresh.length !== live.length) {
      if (![...live].some(written)) { location.reload(); }
      return;
    }
    let moved = false;
    live.forEach((part, i) => {
      const before = cellsOf(part), after = cellsOf(fresh[i]);
      const cells = [...after].filter(([name, cell]) => before.get(name)?.textContent !== cell.textContent);
      if (written(part) || (cells.length === 0 && before.size === after.size)) { return; }
      for (const [, cell] of cells) { cell.classList.add("moved"); }
      part.replaceChildren(...document.adoptNode(fresh[i]).childNodes);
      moved = true;
    });
    const told = document.querySelector("[data-updated]");
    if (moved && told) { told.textContent = told.dataset.updated + " " + new Date().toLocaleTimeString(document.documentElement.lang); }
  };
  // A browser has few connections to one server: a page that nobody sees gives its own back.
  let events = null;
  const listen = () => {
    if (events || document.hidden) { return; }
    events = new EventSource(live[0].dataset.live);
    events.addEventListener("moved", follow);
  };
  const leave = () => { events?.close(); events = null; };
  document.addEventListener("visibilitychange", () => { if (document.hidden) { leave(); } else { listen(); } });
  addEventListener("pagehide", leave);
  addEventListener("pageshow", listen);
  listen();
}
