// The text that is being worked on: the statements of a version, and what was done to them since.

/** Statements of a version as rows; `line` is the text as the version has it. */
export function rowsOf(version) {
  return version.sections.flatMap((section) =>
    section.statements.map((one) => ({ ...one, key: one.id, section: section.name, now: one.line })));
}

const isNew = (row) => row.id === undefined;

export class Working extends EventTarget {
  constructor(version, sections) {
    super();
    this.version = version.version;
    this.sections = sections;
    this.base = rowsOf(version);
    this.byId = new Map(this.base.map((row) => [row.id, row]));
    this.rows = this.base.map((row) => ({ ...row }));
    this.before = [];
    this.after = [];
    this.count = 0;
  }

  row(key) {
    return this.rows.find((row) => row.key === key);
  }

  changed(row) {
    return isNew(row) || row.now !== row.line;
  }

  get deleted() {
    const there = new Set(this.rows.map((row) => row.id));
    return this.base.filter((row) => !there.has(row.id));
  }

  get changes() {
    return this.rows.filter((row) => this.changed(row)).length + this.deleted.length;
  }

  // --- what a person does ---

  write(key, text) {
    const row = this.row(key);
    if (!row || row.now === text) return;
    this.remember(`write ${key}`);
    row.now = text;
    this.tell(key);
  }

  /** What follows a line break becomes a statement of its own. */
  split(key) {
    const row = this.row(key);
    const [first, ...more] = (row?.now ?? "").split(/\r\n|[\r\n]/).map((one) => one.trim());
    const rest = more.filter(Boolean);
    if (!row || (first === row.now && !more.length)) return;
    this.remember("");
    row.now = first;
    const made = rest.map((text) => this.fresh(row.section, text));
    this.rows.splice(this.rows.indexOf(row) + 1, 0, ...made);
    this.tell();
  }

  remove(key) {
    this.remember("");
    this.rows = this.rows.filter((row) => row.key !== key);
    this.tell();
  }

  /** A new statement after another one, or at the end of a section; its key. */
  add(after, section) {
    this.remember("");
    const row = this.fresh(section, "");
    this.place(row, after);
    this.tell();
    return row.key;
  }

  place(row, after) {
    let at = this.rows.findIndex((one) => one.key === after);
    if (at < 0) {
      const last = this.sections.indexOf(row.section);
      at = this.rows.findLastIndex((one) => this.sections.indexOf(one.section) <= last);
    }
    this.rows.splice(at + 1, 0, row);
  }

  fresh(section, text) {
    this.count += 1;
    return { key: `n${this.count}`, section, now: text, line: "", text: "", state: "written", evidence: [] };
  }

  // --- undone and done again ---

  remember(step) {
    // Typing on in one statement is one step.
    if (step && this.step === step && !this.after.length) return;
    this.before.push(this.snapshot());
    this.after = [];
    this.step = step;
  }

  snapshot() {
    return this.rows.map((row) => ({ ...row }));
  }

  undo() {
    return this.swap(this.before, this.after);
  }

  redo() {
    return this.swap(this.after, this.before);
  }

  swap(from, to) {
    if (!from.length) return false;
    to.push(this.snapshot());
    this.rows = from.pop();
    this.step = "";
    this.tell();
    return true;
  }

  tell(key = null) {
    this.dispatchEvent(new CustomEvent("changed", { detail: { key } }));
  }

  // --- to the server and back ---

  /** The rows as routes take them: words only where they are not the version's. */
  payload() {
    return this.rows
      .filter((row) => row.id !== undefined || row.now.trim())
      .map((row) => {
        if (isNew(row)) return { key: row.key, section: row.section, text: row.now };
        return row.now === row.line ? { id: row.id } : { id: row.id, text: row.now };
      });
  }

  /** Take over what was kept of an earlier window. */
  restore(statements) {
    this.remember("");
    this.rows = statements.flatMap((one) => {
      if (!one.id) return [this.fresh(one.section, one.text)];
      const base = this.byId.get(one.id);
      return base ? [{ ...base, now: one.text ?? base.line }] : [];
    });
    this.tell();
  }
}
