// The table: asked for with its filters, moved through by keys.

import { ask, put } from "./asking.js";

const KEPT = "medmm-worklist";

export class List {
  constructor(root, say) {
    this.form = root.querySelector("#wl-filters");
    this.element = root.querySelector("#wl-list");
    // What the table's caption shows, for who hears the page.
    this.count = root.querySelector("#wl-count");
    this.say = say;
    this.before = null;
    this.methods = [];
    this.asked = 0;
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.first();
    });
    this.form.addEventListener("change", () => this.first());
    // The cross of a search field empties it without a change.
    this.form.elements.query.addEventListener("search", () => this.first());
    root.querySelector("#wl-clear").addEventListener("click", () => this.clear());
    this.element.addEventListener("click", (event) => {
      if (event.target.closest("#wl-next")) this.next();
      else if (event.target.closest("#wl-first")) this.first();
      else if (!event.target.closest("a, button")) this.openRow(event.target.closest("tr[data-study]"));
    });
    this.element.addEventListener("focusin", (event) => this.mark(event.target.closest("tr[data-study]")));
    this.restore();
  }

  wanted() {
    const { query, status, modality, age, mine, flagged } = this.form.elements;
    return {
      query: query.value.trim(), status: status.value, modality: modality.value, age: age.value,
      mine: mine.checked, flagged: flagged.checked, before: this.before,
    };
  }

  first() {
    this.before = null;
    return this.load();
  }

  next() {
    const next = this.facts("next");
    if (next) this.before = Number(next);
    return this.load();
  }

  clear() {
    this.form.reset();
    return this.first();
  }

  // `background` is a load that nobody asked for: it leaves the focus where it is.
  async load({ background = false } = {}) {
    const number = ++this.asked;
    const held = this.row()?.dataset.study;
    const inList = this.element.contains(document.activeElement);
    this.element.setAttribute("aria-busy", "true");
    try {
      const markup = await ask("/api/worklist", { body: this.wanted(), background });
      // A later question was asked meanwhile.
      if (number !== this.asked) return;
      put(this.element, markup);
      this.methods = (this.facts("methods") ?? "").split("\n");
      this.fill(this.facts("modalities"));
      this.keep();
      const row = held && this.element.querySelector(`tr[data-study="${held}"]`);
      this.mark(row || this.rows()[0]);
      if (inList && row) row.querySelector(".wl-open").focus();
      if (!background) {
        this.say("");
        this.count.textContent = this.element.querySelector("caption, .wl-empty")?.textContent ?? "";
      }
    } catch (error) {
      if (number === this.asked) this.say(error.message, true);
    } finally {
      if (number === this.asked) this.element.setAttribute("aria-busy", "false");
    }
  }

  facts(name) {
    return this.element.querySelector("#wl-facts")?.dataset[name];
  }

  fill(modalities) {
    const select = this.form.elements.modality;
    const chosen = select.value;
    const names = (modalities ?? "").split("\n").filter(Boolean);
    if (chosen && !names.includes(chosen)) names.push(chosen);
    select.replaceChildren(new Option("any", ""), ...names.map((name) => new Option(name, name)));
    select.value = chosen;
  }

  rows() {
    return [...this.element.querySelectorAll("tr[data-study]")];
  }

  row() {
    return this.element.querySelector("tr.here");
  }

  mark(row) {
    if (!row) return;
    this.row()?.classList.remove("here");
    row.classList.add("here");
  }

  go(row) {
    if (!row) return;
    this.mark(row);
    row.querySelector(".wl-open").focus();
    row.scrollIntoView({ block: "nearest" });
  }

  move(step) {
    const rows = this.rows();
    const at = rows.indexOf(this.row());
    const here = this.element.contains(document.activeElement);
    this.go(rows[here ? Math.min(Math.max(at + step, 0), rows.length - 1) : Math.max(at, 0)]);
  }

  edge(last) {
    this.go(this.rows().at(last ? -1 : 0));
  }

  openRow(row) {
    if (row && !getSelection().toString()) location.assign(row.querySelector(".wl-open").href);
  }

  // Filters outlive a visit to a study, in this tab and for this user alone.
  keep() {
    sessionStorage.setItem(KEPT, JSON.stringify({ who: this.who(), wanted: this.wanted() }));
  }

  who() {
    return document.querySelector(".bar .name")?.textContent ?? "";
  }

  restore() {
    let kept = null;
    try {
      kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
    } catch {
      kept = null;
    }
    if (!kept || kept.who !== this.who()) {
      sessionStorage.removeItem(KEPT);
      return;
    }
    for (const [name, value] of Object.entries(kept.wanted)) {
      const field = this.form.elements[name];
      if (!field) continue;
      if (field.type === "checkbox") field.checked = value;
      else {
        if (name === "modality" && value) field.add(new Option(value, value));
        field.value = value ?? "";
      }
    }
    this.before = kept.wanted.before ?? null;
  }
}
