// One statement: its state by sign and colour, its words, its editor, what it rests on.

import { button, count, make, newId } from "./dom.js";
import { checkList, evidenceList } from "./evidence.js";
import { marked, wordRuns } from "./words.js";

export class StatementView {
  constructor(row, list) {
    this.key = row.key;
    this.list = list;
    this.open = false;
    this.editing = false;
    this.why = make("div", { className: "rv-why", id: newId("why"), hidden: true });
    this.sign = make("span", { className: "rv-sign", "aria-hidden": "true" });
    this.state = make("span", { className: "rv-hidden" });
    this.text = make("span", { className: "rv-text", dir: "auto" });
    this.flags = make("span", { className: "rv-flags" });
    this.line = make("div", {
      className: "rv-line", role: "button", tabindex: "0", "aria-expanded": "false", "aria-controls": this.why.id,
      on: {
        click: () => this.toggle(),
        focus: () => this.list.select(this.key),
        keydown: (event) => this.pressed(event),
      },
    }, this.sign, make("span", { className: "rv-words" }, this.state, this.text), this.flags);
    this.box = make("div", { className: "rv-box", hidden: true });
    this.tools = make("div", { className: "rv-tools" });
    this.element = make("li", { className: "rv-st" }, this.line, this.box, this.tools, this.why);
  }

  pressed(event) {
    if (event.target !== this.line || !["Enter", " "].includes(event.key)) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    event.preventDefault();
    this.toggle();
  }

  /** Show the row as it is now. */
  show(row) {
    const { list } = this;
    this.row = row;
    const changed = list.working.changed(row);
    const state = changed ? "written" : row.state;
    this.element.dataset.state = state;
    this.element.dataset.key = row.key;
    this.sign.textContent = list.signs[state];
    this.sign.title = state;
    this.state.textContent = `${state}: `;
    this.text.textContent = (changed ? row.now : row.text) || "(no words yet)";
    this.element.classList.toggle("rv-changed", changed);
    this.flags.replaceChildren(...this.flagList(row, changed));
    if (this.editing && this.area.value !== row.now) this.area.value = row.now;
    if (this.editing) this.fillLive();
    if (this.open) this.fillWhy();
  }

  /** While words are typed, what the checks have against them. */
  fillLive() {
    const against = this.list.checksOf(this.row).filter((one) => one.result !== "pass");
    this.live.replaceChildren(checkList(against, { live: this.list.working.changed(this.row) }));
  }

  flagList(row, changed) {
    const checks = this.list.checksOf(row);
    const failed = checks.filter((one) => one.result === "fail").length;
    const unsure = checks.filter((one) => one.result === "cannot tell").length;
    const flag = (text, className, title) => make("span", { className: `rv-flag ${className}`, text, title });
    return [
      changed ? flag(row.id ? "✎ edited" : "✎ new", "rv-edited", "Not saved as a version yet") : null,
      this.list.accepted.has(row.key) ? flag("✓ accepted", "rv-accepted", "Accepted by you") : null,
      failed ? flag(`✗ ${failed}`, "rv-failed", `${count(failed, "check")} failed`) : null,
      unsure ? flag(`~ ${unsure}`, "rv-unsure", `${count(unsure, "check")} cannot tell`) : null,
      this.list.linked.has(row.key) ? flag("◎ region", "rv-linked", "Rests on the region that was clicked") : null,
    ].filter(Boolean);
  }

  toggle(open = !this.open) {
    this.open = open;
    this.line.setAttribute("aria-expanded", String(open));
    this.why.hidden = !open;
    if (open) {
      this.fillWhy();
      this.list.showPlace(this.row);
    }
  }

  fillWhy() {
    const { row, list } = this;
    const changed = list.working.changed(row);
    const parts = [];
    if (changed && row.id) {
      parts.push(make("h4", { text: `Against version ${list.working.version}` }),
        make("p", {}, marked(wordRuns(row.line, row.now))));
    }
    if (row.id) {
      parts.push(make("h4", { text: changed ? "The words before rested on" : "Rests on" }),
        evidenceList(row, list.report, (region) => list.showRegion(region)));
    }
    parts.push(make("h4", { text: "Checks" }), checkList(list.checksOf(row), { live: changed }));
    this.why.replaceChildren(...parts);
  }

  /** Whether it is the one that keys act on. */
  select(on) {
    this.element.classList.toggle("rv-current", on);
    if (on && this.list.mayEdit && !this.tools.childElementCount) this.fillTools();
  }

  fillTools() {
    const { list, key } = this;
    const named = (text, what, title) =>
      button(text, what, { title, "aria-label": `${text} (statement ${key})` });
    this.tools.append(
      named("Accept", () => list.accept(key), "ctrl+enter"),
      named("Edit", () => this.edit(), "e"),
      named("New below", () => list.addAfter(key), "n"),
      named("Delete", () => list.remove(key), "delete"),
    );
  }

  edit() {
    if (!this.list.mayEdit) return;
    if (!this.area) this.makeArea();
    this.editing = true;
    this.area.value = this.row.now;
    this.box.hidden = false;
    this.line.hidden = true;
    this.fillLive();
    this.fit();
    this.area.focus();
    this.area.setSelectionRange(this.area.value.length, this.area.value.length);
  }

  makeArea() {
    this.area = make("textarea", {
      className: "rv-area", rows: "2", maxlength: "4000", "aria-label": "Words of the statement", spellcheck: "true",
      on: {
        input: () => {
          this.list.working.write(this.key, this.area.value);
          this.fit();
        },
        focus: () => this.list.select(this.key),
        blur: () => this.list.blurred(),
      },
    });
    const done = button("Done", () => this.leave(), { title: "escape" });
    this.live = make("div", { className: "rv-live" });
    this.box.append(this.area, done, this.live);
  }

  /** As high as its words. */
  fit() {
    this.area.style.height = "auto";
    this.area.style.height = `${this.area.scrollHeight + 2}px`;
  }

  /** Close the editor; the words stay. */
  leave({ focus = true } = {}) {
    if (!this.editing) return;
    this.editing = false;
    this.box.hidden = true;
    this.line.hidden = false;
    this.list.working.split(this.key);
    this.list.working.step = "";
    if (focus) this.line.focus();
  }

  focus() {
    (this.editing ? this.area : this.line).focus();
    this.element.scrollIntoView({ block: "nearest" });
  }
}
