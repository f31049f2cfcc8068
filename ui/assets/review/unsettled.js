// Text of one's own that is in no version: brought back, or beside another text to choose from.

import { settle } from "./conflict.js";
import { button, make, moment } from "./dom.js";
import { Working, rowsOf } from "./working.js";

export class Unsettled {
  constructor(host, desk) {
    this.host = host;
    this.desk = desk;
  }

  /** What was kept of this user's typing, after the room is opened. */
  begin() {
    const { report, working } = this.desk;
    this.host.replaceChildren();
    for (const one of report.unfinished) {
      if (!one.text.statements) continue;
      if (one.based_on === report.version && report.rights.edit) this.restore(one, working);
      else this.older(one);
    }
  }

  restore(kept, working) {
    working.restore(kept.text.statements);
    working.before = [];
    if (!working.changes) return;
    this.note(`What you typed until `, moment(kept.saved), ` and did not save is here again. `,
      button("Drop it", () => this.drop(kept)));
  }

  async drop(kept) {
    const { desk } = this;
    await desk.autosave.pause();
    await this.forget(kept);
    await desk.refresh();
    desk.said("Dropped; the report is as its last version.");
  }

  forget(kept) {
    const asked = `based_on=${kept.based_on}&revision=${kept.revision}`;
    return this.desk.api.ask(`/api/reports/${this.desk.report.id}/unfinished?${asked}`, { method: "DELETE" });
  }

  /** Text over a version that is not the last any more. */
  async older(kept) {
    const { desk } = this;
    const texts = await desk.api.get(`/api/reports/${desk.report.id}/conflict?based_on=${kept.based_on}`);
    const mine = new Working(texts.base, desk.told.sections);
    mine.restore(kept.text.statements);
    const same = JSON.stringify(mine.rows.map((row) => row.now.trim())) === JSON.stringify(rowsOf(texts.theirs).map((row) => row.line));
    if (same || !mine.changes) {
      // It became a version, and the page went away before it could say so.
      await this.forget(kept);
      return;
    }
    const said = `You typed over version ${kept.based_on} until `;
    if (!desk.report.rights.edit) {
      this.note(said, moment(kept.saved), `; it is in no version, and the report is ${desk.report.status}.`,
        make("ul", {}, mine.rows.filter((row) => mine.changed(row)).map((row) => make("li", { text: row.now, dir: "auto" }))),
        button("Drop it", () => this.forget(kept).then(() => this.host.replaceChildren())));
      return;
    }
    this.note(said, moment(kept.saved), `; version ${desk.report.version} came from ${desk.report.author}. `,
      button("Compare and choose", () => this.choose(mine.rows, texts, kept)));
  }

  /** A save met somebody else's version. */
  async conflict(texts, sentence) {
    const { desk } = this;
    const kept = { based_on: desk.report.version, revision: 2 ** 31 - 1 };
    const mine = desk.working.rows.map((row) => ({ ...row }));
    if (await this.choose(mine, texts, kept)) return;
    this.note(`${sentence} `, button("Compare and choose", () => this.choose(mine, texts, kept)));
  }

  /** Let a person choose; whether they did. What was chosen is kept before the old text goes. */
  async choose(mine, texts, kept) {
    const { desk } = this;
    const whose = `version ${texts.theirs.version} by ${texts.theirs.author}`;
    const rows = await settle({ mine, texts: { ...texts, whose } });
    if (rows === null) return false;
    await desk.autosave.pause();
    desk.told = await desk.api.get(`/api/studies/${desk.study.id}/desk?report=${desk.report.id}`);
    desk.use(desk.told.report);
    desk.working.restore(rows);
    await desk.autosave.send();
    if (!desk.autosave.unkept) await this.forget(kept);
    this.host.replaceChildren();
    desk.said(`You go on with version ${desk.report.version}. Save when you are done.`);
    return true;
  }

  /** Another window of this user kept another text over the same version. */
  async otherWindow(kept) {
    const { desk } = this;
    const base = { version: desk.report.version, sections: desk.report.sections };
    const there = new Working(base, desk.told.sections);
    there.restore(kept.text.statements ?? []);
    const theirs = there.rows.map((row) => ({ ...row, key: `o-${row.key}`, line: row.now }));
    const rows = await settle({ mine: desk.working.rows, texts: { base, rows: theirs, whose: "your other window" } });
    if (rows === null) {
      this.note("Another window of yours has another text of this report. ", button("Compare and choose", () => this.otherWindow(kept)));
      return;
    }
    this.host.replaceChildren();
    desk.autosave.revision = kept.revision;
    desk.working.restore(rows);
    desk.autosave.resume();
  }

  note(...parts) {
    this.host.append(make("div", { className: "rv-note" }, parts));
  }
}
