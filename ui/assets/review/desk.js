// The review room: images left, report right, and what is typed kept between them and the server.

import { Keyboard } from "../viewer/keyboard.js";
import { mount } from "../viewer/viewer.js";
import { Autosave, windowName } from "./autosave.js";
import { Clock } from "./clock.js";
import { showDifferences } from "./differences.js";
import { count, make, moment } from "./dom.js";
import { Missed, shownRanges } from "./missed.js";
import { Rechecks } from "./rechecks.js";
import { addenda, banner } from "./signed.js";
import { askAddendum, askSignature } from "./signing.js";
import { Statements } from "./statements.js";
import { stepButtons } from "./steps.js";
import { Unsettled } from "./unsettled.js";
import { Working } from "./working.js";

const HELD = "What you typed is held in this page and is sent as soon as that is mended.";

export class Desk {
  constructor(root, api, told) {
    Object.assign(this, { root, api, told, study: told.study, signs: told.signs });
    this.window = windowName();
    this.build();
  }

  // --- the frame of the room ---

  build() {
    const pane = {};
    for (const name of ["banner", "title", "steps", "trouble", "said", "notice", "statements", "addenda", "missed", "help"]) {
      pane[name] = make("div", { className: `rv-${name}` });
    }
    this.kept = make("span", { className: "rv-kept" });
    pane.trouble.setAttribute("role", "alert");
    pane.said.setAttribute("role", "status");
    this.pane = pane;
    this.images = make("div", { className: "rv-images", "aria-label": "Images", role: "region" });
    this.side = make("div", { className: "rv-pane", role: "region", "aria-label": "Report" },
      pane.banner, pane.title,
      make("div", { className: "rv-top" }, pane.steps, pane.trouble, make("div", { className: "rv-foot" }, pane.said, this.kept)),
      pane.notice, pane.statements, pane.addenda, pane.missed, pane.help);
    this.root.replaceChildren(make("div", { className: "rv-split" }, this.images, this.side));
    this.statements = new Statements(pane.statements, this);
    this.missed = new Missed(pane.missed);
    this.unsettled = new Unsettled(pane.notice, this);
  }

  async open() {
    await this.listen();
    if (this.told.report) {
      this.clock = new Clock({ api: this.api, report: this.told.report.id, looked: () => this.looked() });
      this.clock.start();
      this.use(this.told.report);
      this.unsettled.begin();
    } else {
      this.pane.banner.append(make("p", { text: "No report yet. Draft one with: medmm draft " + this.study.id }));
    }
    this.root.dataset.ready = "report";
    await this.openViewer();
  }

  async listen() {
    const { keys } = await (await fetch(new URL("./keys.json", import.meta.url))).json();
    const board = (rows, target) => {
      const one = new Keyboard((action) => this.act(action));
      one.use(rows);
      one.listen(target);
    };
    board(keys.filter((row) => row.where === "report"), this.side);
    board(keys.filter((row) => row.where !== "report"), document);
    this.pane.help.append(make("details", { className: "rv-part" }, make("summary", { text: "Keys" }),
      make("dl", { className: "rv-keys" }, keys.map((row) => [make("dt", { text: row.key }), make("dd", { text: row.says })]))));
    window.addEventListener("pagehide", () => this.autosave?.send({ keepalive: true }));
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") this.autosave?.send({ keepalive: true });
    });
    for (const name of ["online", "focus"]) window.addEventListener(name, () => this.autosave?.send());
    window.addEventListener("beforeunload", (event) => {
      if (this.autosave?.unkept) event.preventDefault();
    });
  }

  async openViewer() {
    this.images.addEventListener("region", (event) => this.statements.link(event.detail.id));
    this.images.addEventListener("looked", () => this.showMissed());
    this.images.addEventListener("signed-out", (event) => {
      event.preventDefault();
      this.signedOut();
    });
    const report = this.report?.id ?? null;
    try {
      const options = { base: this.api.url("/"), study: this.study.id, report, version: this.report?.version ?? null };
      this.viewer = await mount(this.images, options);
      this.showMissed();
      this.root.dataset.ready = "all";
    } catch {
      this.root.dataset.ready = "no images";
    }
  }

  // --- a version of the report ---

  get mayEdit() {
    return Boolean(this.report?.rights.edit) && !this.busy;
  }

  /** Show a report as the server has it now. */
  use(report) {
    this.rechecks?.stop();
    this.report = report;
    this.working = new Working(report, this.told.sections);
    this.autosave = this.autosaveOver(report);
    this.rechecks = new Rechecks({
      api: this.api, report: report.id, got: (checks) => this.statements.checked(checks),
      failed: (error) => this.said(`The checks could not be run again. ${error.sentence}`),
    });
    this.statements.use(report, this.working);
    this.working.addEventListener("changed", () => this.typed());
    this.pane.banner.replaceChildren(banner(report));
    this.pane.addenda.replaceChildren(...[addenda(report)].filter(Boolean));
    this.pane.steps.replaceChildren(stepButtons(this));
    this.showTitle();
    this.showMissed();
  }

  autosaveOver(report) {
    const before = report.unfinished.find((one) => one.based_on === report.version);
    return new Autosave({
      api: this.api, report: report.id, version: report.version, page: this.window, revision: before?.revision ?? 0,
      text: () => this.addendumText === undefined ? { statements: this.working.payload() } : { addendum: this.addendumText },
      say: (state, error) => this.autosaved(state, error),
      other: (kept) => this.unsettled.otherWindow(kept),
    });
  }

  showTitle() {
    const { report } = this;
    const chooser = this.told.reports.length > 1 ? this.reportChooser() : null;
    this.pane.title.replaceChildren(
      make("h2", {}, `Report ${report.id} `, make("span", { className: `rv-status rv-status-${report.status}`, text: report.status })),
      make("span", { className: "rv-small" }, `version ${report.version} by ${report.author}, `, moment(report.created)),
      ...[chooser].filter(Boolean));
  }

  reportChooser() {
    const list = make("select", { "aria-label": "Report", on: { change: () => { location.search = `?report=${list.value}`; } } },
      this.told.reports.map((one) => make("option", {
        value: String(one.id), text: `report ${one.id}, ${one.status}`, selected: one.id === this.report.id,
      })));
    return list;
  }

  showMissed() {
    if (this.report) this.missed.show(this.report, this.viewer ?? null);
  }

  looked() {
    return this.viewer ? shownRanges(this.viewer.looked()) : {};
  }

  // --- between report and images ---

  async showRegion(id) {
    const there = this.viewer ? await this.viewer.show(id) : false;
    if (!there) this.said("This region cannot be shown.");
  }

  // --- typing ---

  typed() {
    this.autosave.changed();
    this.rechecks.ask(this.working);
    this.root.dataset.changes = String(this.working.changes);
  }

  blurred() {
    this.autosave.send();
  }

  autosaved(state, error) {
    const said = { typed: "…", kept: `kept ${new Date().toTimeString().slice(0, 8)}`, trouble: "not kept" }[state];
    this.kept.textContent = said;
    this.kept.dataset.state = state;
    if (state === "kept" && this.inTrouble) this.trouble("");
    if (state === "kept" && this.inTrouble) this.said("Everything that was typed is kept again.");
    if (state === "trouble") this.trouble(this.troubleWords(error));
    this.inTrouble = state === "trouble" || (this.inTrouble && state === "typed");
  }

  troubleWords(error) {
    if (error.status === 401) return `You are signed out. ${HELD} Sign in again in another window, then come back to this one.`;
    if (error.code === "csrf") return `Another user is signed in in this browser. ${HELD}`;
    if (error.passing) return `The server cannot be reached (it is tried again). ${HELD}`;
    return `What you typed cannot be kept: ${error.sentence}`;
  }

  acceptChanged(statements) {
    const path = `/api/reports/${this.report.id}/accepted`;
    this.api.send("PUT", path, { statements }).catch((error) => this.trouble(error.sentence));
  }

  undo() {
    if (!this.working.undo()) this.said("There is nothing to undo.");
  }

  // --- steps of the report ---

  async save() {
    if (!this.mayEdit) return;
    this.statements.views.forEach((view) => view.leave({ focus: view.key === this.statements.current }));
    if (!this.working.changes) {
      this.said("Nothing was changed, so there is no version to save.");
      return;
    }
    this.hold(true);
    await this.autosave.pause();
    try {
      const body = { based_on: this.working.version, statements: this.working.payload() };
      const told = await this.api.send("POST", `/api/reports/${this.report.id}/versions`, body);
      this.hold(false);
      this.saved(told);
    } catch (error) {
      this.hold(false);
      this.autosave.resume();
      await this.notSaved(error);
    }
  }

  hold(busy) {
    this.busy = busy;
    this.side.setAttribute("aria-busy", String(busy));
    this.side.inert = busy;
  }

  saved(told) {
    const current = this.statements.current;
    this.use(told.report);
    this.trouble("");
    const results = Object.groupBy?.(told.checks, (one) => one.result) ?? {};
    const words = ["pass", "fail", "cannot tell"].filter((name) => results[name]).map((name) => `${results[name].length} ${name}`);
    this.said(`Version ${told.version} is saved. Checks of what you wrote: ${words.join(", ") || "none"}.`);
    for (const one of told.checks) {
      if (one.result === "fail") this.statements.views.get(one.statement)?.toggle(true);
    }
    const view = this.statements.views.get(current) ?? this.statements.views.values().next().value;
    view?.focus();
  }

  async notSaved(error) {
    if (error.code === "conflict") await this.unsettled.conflict(error.told.texts, error.sentence);
    else if (error.status === 401) this.signedOut();
    else this.trouble(`No version was saved. ${error.sentence}`);
  }

  async move(step, reason) {
    await this.api.send("POST", `/api/reports/${this.report.id}/${step}`, { reason });
    await this.refresh();
    this.said(`The report is ${this.report.status} now.`);
  }

  /** The report as it is now; what is typed is kept first and comes back. */
  async refresh() {
    await this.autosave.send();
    this.told = await this.api.get(`/api/studies/${this.study.id}/desk?report=${this.report.id}`);
    this.use(this.told.report);
    this.unsettled.begin();
  }

  changes() {
    const left = this.working.changes;
    if (left) this.said(`${count(left, "statement")} with changes that are in no version yet.`);
    showDifferences(this.api, this.report.id, this.report.version);
  }

  async sign() {
    if (!this.report?.rights.sign) return;
    if (this.working.changes) {
      this.trouble(`Save a version first (ctrl+s): ${count(this.working.changes, "statement")} changed since version ${this.report.version}.`);
      this.side.querySelector(".rv-save")?.focus();
      return;
    }
    try {
      await this.clock.beat();
      await askSignature({
        api: this.api, report: this.report.id, user: this.api.user, missing: this.missed.missing,
        signed: (told) => this.done(told, "The report is signed."),
      });
    } catch (error) {
      this.trouble(error.sentence);
    }
  }

  addend() {
    const before = this.report.unfinished.find((one) => one.text.addendum !== undefined);
    askAddendum({
      api: this.api, report: this.report.id, user: this.api.user, text: this.addendumText ?? before?.text.addendum ?? "",
      typed: (text) => {
        this.addendumText = text;
        this.autosave.changed();
      },
      settled: () => this.autosave.pause(),
      added: (told) => {
        this.addendumText = undefined;
        this.done(told, "The addendum is signed.");
      },
    });
  }

  done(told, words) {
    this.use(told.report);
    this.trouble("");
    this.said(words);
  }

  // --- keys and words ---

  act(action) {
    if (!this.report || document.querySelector("dialog[open]")) return false;
    const list = this.statements;
    const inPane = this.side.contains(document.activeElement);
    const edits = {
      accept: () => list.accept(),
      edit: () => list.view?.edit(),
      new: () => list.addAfter(),
      delete: () => list.remove(),
      undo: () => this.undo(),
      redo: () => this.working.redo(),
      save: () => this.save(),
    };
    if (edits[action]) {
      // The browser's own "save page" is never meant here.
      if (!this.mayEdit) return action === "save";
      edits[action]();
      return true;
    }
    const moves = { previous: () => list.go(-1), next: () => list.go(1), sign: () => this.sign() };
    if (action === "leave") {
      if (!list.view?.editing || !inPane) return false;
      list.view.leave();
      return true;
    }
    moves[action]?.();
    return Boolean(moves[action]);
  }

  said(text) {
    this.pane.said.textContent = text;
  }

  trouble(text) {
    this.pane.trouble.textContent = text ? `⚠ ${text}` : "";
  }

  signedOut() {
    if (this.autosave?.unkept) this.trouble(this.troubleWords({ status: 401 }));
    else location.reload();
  }
}

