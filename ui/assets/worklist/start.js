// The worklist's room: its HTML put into the page, its parts joined, its keys.

import { ask, put } from "./asking.js";
import { Acknowledging, closing, Drafting } from "./dialogs.js";
import { Jobs } from "./jobs.js";
import { List } from "./list.js";
import { Ingesting } from "./upload.js";

const main = document.createElement("main");
main.id = "worklist";
document.querySelector(".bar").after(main);

function say(words, wrong = false) {
  const line = main.querySelector("#wl-said");
  line.textContent = words;
  line.classList.toggle("wrong", wrong);
}

function keys(parts) {
  const { list, drafting, acknowledging, ingesting } = parts;
  const query = list.form.elements.query;
  const tick = (name) => {
    const box = list.form.elements[name];
    box.checked = !box.checked;
    list.first();
  };
  const actions = {
    ArrowDown: () => list.move(1),
    ArrowUp: () => list.move(-1),
    Home: () => list.edge(false),
    End: () => list.edge(true),
    "/": () => query.select(),
    "?": () => main.querySelector("#wl-help").showModal(),
    d: () => list.row()?.querySelector(".wl-draft") && drafting.open(list.row().dataset.study),
    a: () => {
      const button = list.row()?.querySelector("button.critical");
      if (button) acknowledging.open(button);
    },
    m: () => tick("mine"),
    f: () => tick("flagged"),
    u: () => ingesting.open(),
    n: () => list.next(),
    p: () => list.first(),
    r: () => list.load(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
    const typing = event.target.closest?.("input:not([type=checkbox]), textarea, select");
    if (typing) {
      if (event.target === query && ["Escape", "ArrowDown"].includes(event.key)) {
        event.preventDefault();
        list.edge(false);
      }
      return;
    }
    const act = actions[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}

async function begin() {
  put(main, await ask("/api/worklist/room"));
  closing(main);
  const list = new List(main, say);
  const jobs = new Jobs(main, list, say);
  const drafting = new Drafting(main, jobs, say);
  const acknowledging = new Acknowledging(main, list, say);
  const ingesting = new Ingesting(main, jobs, say);
  list.element.addEventListener("click", (event) => {
    const draft = event.target.closest(".wl-draft");
    const critical = event.target.closest("button.critical");
    if (draft) drafting.open(draft.dataset.study);
    if (critical) acknowledging.open(critical);
  });
  main.querySelector("#wl-help-button").addEventListener("click", () => main.querySelector("#wl-help").showModal());
  keys({ list, drafting, acknowledging, ingesting });
  await list.load();
  list.edge(false);
  jobs.look();
}

begin().catch((error) => {
  main.textContent = error.message;
});
