// The report's statements under their sections, kept in step with the working text.

import { button, make } from "./dom.js";
import { regionsOf } from "./evidence.js";
import { StatementView } from "./statement.js";

const QUOTED = "References";

export class Statements {
  /** `desk` has mayEdit, signs, showRegion(id), said(text), acceptChanged(ids), blurred(). */
  constructor(host, desk) {
    this.host = host;
    this.desk = desk;
    this.views = new Map();
    this.live = new Map();
    this.accepted = new Set();
    this.linked = new Set();
    this.current = null;
  }

  /** A version to show and a working text over it. */
  use(report, working) {
    this.report = report;
    this.working = working;
    this.views.clear();
    this.live.clear();
    this.host.replaceChildren();
    this.accepted = new Set(report.accepted);
    working.addEventListener("changed", (event) => this.changed(event.detail.key));
    this.render();
  }

  get signs() {
    return this.desk.signs;
  }

  get mayEdit() {
    return this.desk.mayEdit;
  }

  changed(key) {
    const view = key === null ? null : this.views.get(key);
    if (view) view.show(this.working.row(key));
    else this.render();
    if (key !== null && this.accepted.delete(key)) {
      this.desk.acceptChanged({ [key]: null });
      view?.show(this.working.row(key));
    }
  }

  render() {
    const focused = document.activeElement;
    const sections = this.working.sections.map((name) => this.section(name));
    this.host.replaceChildren(...sections.filter(Boolean));
    const there = new Set(this.working.rows.map((row) => row.key));
    for (const key of this.views.keys()) if (!there.has(key)) this.views.delete(key);
    if (focused?.isConnected && this.host.contains(focused)) focused.focus({ preventScroll: true });
  }

  section(name) {
    const rows = this.working.rows.filter((row) => row.section === name);
    if (!rows.length && (!this.mayEdit || name === QUOTED)) return null;
    const list = make("ol", { className: "rv-list" }, rows.map((row) => {
      if (!this.views.has(row.key)) this.views.set(row.key, new StatementView(row, this));
      const view = this.views.get(row.key);
      view.show(row);
      return view.element;
    }));
    const add = this.mayEdit && name !== QUOTED
      ? button("+", () => this.addTo(name), {
        className: "rv-add", "aria-label": `New statement under ${name}`, title: `New statement under ${name}`,
      })
      : null;
    return make("section", { className: "rv-section", "aria-label": name },
      make("div", { className: "rv-head" }, make("h3", { text: name }), add), list);
  }

  checksOf(row) {
    if (this.working.changed(row)) return this.live.get(row.key) ?? [];
    return this.report.checks.filter((one) => one.statement === row.id);
  }

  /** What the checks say of words that are not saved. */
  checked(checks) {
    this.live.clear();
    for (const one of checks) {
      if (!this.live.has(one.statement)) this.live.set(one.statement, []);
      this.live.get(one.statement).push(one);
    }
    for (const row of this.working.rows) this.views.get(row.key)?.show(row);
  }

  /** Mark the statements that rest on a region; the first of them is gone to. */
  link(region) {
    const rows = this.working.rows.filter((row) => regionsOf(row, this.report).includes(region));
    this.linked = new Set(rows.map((row) => row.key));
    for (const row of this.working.rows) {
      this.views.get(row.key)?.show(row);
      this.views.get(row.key)?.element.classList.toggle("rv-marked", this.linked.has(row.key));
    }
    const [first] = rows;
    if (first) this.views.get(first.key).element.scrollIntoView({ block: "nearest" });
    this.desk.said(rows.length ? `${rows.length} of the statements rest on this region.` : "No statement rests on this region.");
  }

  showPlace(row) {
    const [first] = regionsOf(row, this.report);
    if (first) this.showRegion(first);
  }

  showRegion(id) {
    this.desk.showRegion(id);
  }

  // --- which one keys act on ---

  select(key) {
    if (this.current === key) return;
    this.views.get(this.current)?.select(false);
    this.current = key;
    this.views.get(key)?.select(true);
  }

  get view() {
    return this.views.get(this.current) ?? null;
  }

  go(steps) {
    const { rows } = this.working;
    if (!rows.length) return;
    const at = rows.findIndex((row) => row.key === this.current);
    const to = at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + steps));
    this.view?.leave({ focus: false });
    const view = this.views.get(this.working.rows[to].key);
    this.select(view.key);
    view.focus();
  }

  // --- what a person does ---

  accept(key = this.current) {
    const row = this.working.row(key);
    if (!row) return;
    this.views.get(key)?.leave({ focus: false });
    if (this.working.changed(row)) {
      // Words of one's own need no acceptance; they are one's own.
      this.go(1);
      return;
    }
    this.accepted.add(key);
    this.desk.acceptChanged({ [key]: this.working.version });
    this.views.get(key).show(row);
    this.desk.said(`Accepted. ${this.accepted.size} of ${this.working.rows.length}.`);
    this.select(key);
    this.go(1);
  }

  remove(key = this.current) {
    const { rows } = this.working;
    const at = rows.findIndex((row) => row.key === key);
    if (at < 0) return;
    const near = rows[at + 1] ?? rows[at - 1];
    this.current = null;
    this.working.remove(key);
    this.desk.said("Statement deleted. Undo: ctrl+z.");
    if (near) {
      this.select(near.key);
      this.views.get(near.key).focus();
    }
  }

  addAfter(key = this.current) {
    const row = this.working.row(key);
    if (row) this.begin(this.working.add(key, row.section === QUOTED ? "Findings" : row.section));
  }

  addTo(section) {
    const last = this.working.rows.findLast((row) => row.section === section);
    this.begin(this.working.add(last?.key ?? null, section));
  }

  begin(key) {
    this.select(key);
    this.views.get(key).edit();
  }

  blurred() {
    this.desk.blurred();
  }
}
