// The admin's room: five tabs, each filled when it is opened.

import { audit } from "./audit.js";
import { fill, make } from "./dom.js";
import { health } from "./health.js";
import { knowledge } from "./knowledge.js";
import { models } from "./models.js";
import { users } from "./users.js";

const TABS = [
  ["users", "Users", users],
  ["models", "Models", models],
  ["knowledge", "Knowledge", knowledge],
  ["audit", "Audit", audit],
  ["health", "Health", health],
];

const said = make("p", { class: "said", role: "status" });
const wrong = make("p", { class: "said wrong", role: "alert" });
const page = {
  turn: 0, // goes up with every tab or page that is opened, so that a late answer is known
  say(text) {
    fill(wrong);
    fill(said, text);
  },
  // Does work whose refusal is told at the top of the page.
  async trying(work) {
    fill(wrong);
    try {
      return await work();
    } catch (error) {
      fill(said);
      fill(wrong, error.message);
      return undefined;
    }
  },
  go(name, state) {
    const address = state ? `#${name}?${new URLSearchParams(state)}` : `#${name}`;
    if (location.hash === address) show();
    else location.hash = address;
  },
};

const buttons = new Map();
const panels = new Map();
for (const [name, title] of TABS) {
  buttons.set(name, make("button", {
    type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}`,
    onclick: () => page.go(name),
  }, title));
  panels.set(name, make("section", {
    role: "tabpanel", id: `panel-${name}`, "aria-labelledby": `tab-${name}`, hidden: true,
  }));
}

function chosen() {
  const [name, state = ""] = location.hash.slice(1).split("?");
  const known = panels.has(name) ? name : TABS[0][0];
  return [known, Object.fromEntries(new URLSearchParams(state))];
}

function show() {
  const [name, state] = chosen();
  page.turn += 1;
  for (const [other, button] of buttons) {
    const here = other === name;
    button.setAttribute("aria-selected", String(here));
    button.tabIndex = here ? 0 : -1;
    panels.get(other).hidden = !here;
  }
  fill(said);
  fill(wrong);
  const panel = panels.get(name);
  const [, , open] = TABS.find(([one]) => one === name);
  panel.setAttribute("aria-busy", "true");
  page.trying(() => open(panel, page, state)).then(() => panel.removeAttribute("aria-busy"));
}

// Arrow keys along the tabs (WAI-ARIA, tabs pattern).
function move(event) {
  const names = TABS.map(([name]) => name);
  const at = names.indexOf(chosen()[0]);
  const to = {
    ArrowRight: (at + 1) % names.length,
    ArrowLeft: (at + names.length - 1) % names.length,
    Home: 0,
    End: names.length - 1,
  }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  page.go(names[to]);
  buttons.get(names[to]).focus();
}

const list = make("div", { role: "tablist", "aria-label": "Admin", onkeydown: move },
  [...buttons.values()]);
const main = make("main", { class: "admin" }, make("h1", { class: "unseen" }, "Admin"),
  list, said, wrong, [...panels.values()]);
document.querySelector("gradio-app").before(main);
addEventListener("hashchange", show);
show();
