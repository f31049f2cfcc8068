// The viewer of a study: `mount(element, {base, study, report, version})` fills an element and
// returns the viewer. Pages speak with it by events, which all bubble from the element.
//
// Out: "region" {id, statements} a mask was clicked; "measurement" {change, mark, all};
//      "keyimage" {series, plane, slice, window, ...}; "looked" {series, refused}; "frame" a new
//      slice is on the screen; "action" {action} a key that is not the viewer's (preventDefault it
//      when it was used); "ready" once the document is there; "signed-out" {} the session is over
//      (preventDefault it to save first; else the page is loaded again).
// In:  "show-region" {id}, "show-statement" {id}, or the methods `show` and `showStatement`.

import { Actions } from "./actions.js";
import { hang, likelyPrior } from "./hanging.js";
import { Keyboard } from "./keyboard.js";
import { Links } from "./links.js";
import { Marks } from "./marks.js";
import { Masks } from "./masks.js";
import { Panel } from "./panel.js";
import { Regions } from "./regions.js";
import { Shown } from "./shown.js";
import { SliceSource } from "./slices.js";
import { Toolbar } from "./toolbar.js";
import { Tools } from "./tools.js";
import { Viewport } from "./viewport.js";

export class Viewer {
  constructor(element, { base = "/", study, report = null, version = null, keys = null }) {
    this.element = element;
    this.base = base;
    this.study = study;
    this.report = report;
    this.version = version;
    this.keys = keys ?? new URL("./keys.json", import.meta.url).href;
    this.tool = "window";
    this.ports = [];
    this.active = null;
    this.prior = null;
    this.reading = 0; // documents on their way
    this.source = new SliceSource({
      arrived: (url) => this.arrived(url),
      failed: (url, why) => this.failedSlice(url, why),
    });
    this.marks = new Marks((change, mark) => this.markChanged(change, mark));
    this.links = new Links(this);
    this.regions = new Regions(this);
    this.actions = new Actions(this);
    this.keyboard = new Keyboard((action) => this.act(action));
    this.build();
  }

  build() {
    this.element.classList.add("mv");
    const make = (className) => {
      const part = document.createElement("div");
      part.className = className;
      this.element.append(part);
      return part;
    };
    this.element.replaceChildren();
    this.toolbar = new Toolbar(make("mv-toolbar"), this);
    this.panel = new Panel(make("mv-panel"), this);
    this.grid = make("mv-grid");
    this.status = make("mv-status");
    this.status.setAttribute("role", "status");
    this.element.addEventListener("show-region", (event) => this.show(event.detail.id));
    this.element.addEventListener("show-statement", (event) =>
      this.showStatement(event.detail.id),
    );
  }

  /** Read keys and document, hang the study, listen. */
  async open() {
    const keys = this.keyboard.load(this.keys);
    this.document = await this.read(this.study, this.report, this.version);
    this.masks = new Masks({
      base: this.base, study: this.study, report: this.document.report ?? {},
      regions: this.document.regions, arrived: () => this.refresh(),
    });
    this.shown = new Shown(this.document, () => this.lookedSoon());
    this.panel.fill(this.document);
    this.panel.looked(this.shown.summary());
    this.toolbar.enable("priors", this.document.priors.length > 0);
    this.toolbar.enable("masks", this.document.regions.length > 0);
    this.stages = hang(this.document);
    this.stage(0);
    await keys;
    this.toolbar.keys(this.keyboard);
    this.keyboard.listen(document);
    this.emit("ready", {});
    return this;
  }

  async read(study, report = null, version = null) {
    const asked = new URLSearchParams();
    if (report) asked.set("report", report);
    if (report && version) asked.set("version", version);
    const url = `${this.base}api/studies/${study}/viewer?${asked}`;
    this.reading += 1;
    const answer = await fetch(url, { credentials: "same-origin" }).finally(() => {
      this.reading -= 1;
    });
    if (!answer.ok) {
      if (answer.status === 401) this.signedOut();
      else this.say(`The study cannot be shown (${answer.status}).`);
      throw new Error(`viewer document: ${answer.status}`);
    }
    return answer.json();
  }

  close() {
    this.keyboard.stop();
    this.actions.stop();
    this.ports.forEach((port) => port.close());
    this.source.want([]);
  }

  emit(name, detail) {
    return this.element.dispatchEvent(
      new CustomEvent(name, { detail, bubbles: true, cancelable: true }),
    );
  }

  say(text) {
    this.status.textContent = text;
  }

  // --- hanging ---

  /** Hang a stage by its number. */
  stage(at) {
    this.stageAt = Math.min(this.stages.length - 1, Math.max(0, at));
    const { layout, cells } = this.stages[this.stageAt];
    this.actions.stop();
    this.ports.forEach((port) => port.close());
    this.grid.className = `mv-grid mv-${layout}`;
    this.ports = [];
    cells.forEach((cell) => this.addPort(cell));
    this.toolbar.offerStages(this.stages, this.stageAt);
    if (!cells.length) this.say("No series of this study can be shown.");
    if (this.ports.length) this.activate(this.ports[0]);
    this.ports.slice(1).forEach((port) => this.links.align(this.ports[0], port));
    this.links.tell();
  }

  addPort(cell) {
    const host = document.createElement("div");
    host.className = "mv-port";
    host.tabIndex = 0;
    host.setAttribute("role", "img");
    this.grid.append(host);
    const port = new Viewport(host, {
      base: this.base,
      source: this.source,
      masks: this.masks,
      marks: this.marks,
      wanted: () => this.wanted(),
      drew: (which) => this.drew(which),
      windowed: (which) => this.windowed(which),
    });
    port.tools = new Tools(port, this);
    host.addEventListener("focus", () => this.activate(port));
    this.ports.push(port);
    port.show(cell);
  }

  activate(port) {
    const changed = this.active !== port;
    this.active = port;
    for (const one of this.ports) one.host.classList.toggle("mv-active", one === port);
    if (changed) {
      this.about(port);
      this.links.tell();
    }
  }

  /** What toolbar and panel say of the active viewport. */
  about(port) {
    const { series } = port;
    this.toolbar.offer(this.windowsOf(series), port.window?.name);
    this.toolbar.press("invert", port.inverted);
    this.panel.current(new Set(this.ports.map((one) => one.series.id)), series.id);
    this.toolbarTools();
  }

  toolbarTools() {
    for (const action of this.toolbar.buttons.keys()) {
      if (action.startsWith("tool-")) this.toolbar.press(action, action === `tool-${this.tool}`);
    }
    this.toolbar.press("masks", this.masks.all && this.masks.regions.length > 0);
    this.toolbar.press("magnifier", Boolean(this.active?.magnifier));
    this.toolbar.press("cine", this.actions.playing);
    this.toolbar.press("priors", this.prior !== null);
    this.toolbar.press("link", this.ports.some((port) => port !== this.active && this.links.follows(port)));
  }

  openSeries(series) {
    const port = this.active;
    port.show({ study: this.study, series });
    this.about(port);
    this.links.tell();
    port.host.focus();
  }

  windowsOf(series) {
    if (series.samples === 3) return [];
    return [...series.windows, ...series.presets];
  }

  chooseWindow(name) {
    const chosen = this.windowsOf(this.active.series).find((one) => one.name === name);
    if (chosen) this.setWindow(chosen);
  }

  setWindow({ centre, width, function: how, name }) {
    this.active.setWindow({ centre, width, function: how ?? "LINEAR", name });
    this.toolbar.offer(this.windowsOf(this.active.series), name);
  }

  /** Cuts of one series share the window that was set on one of them. */
  windowed(port) {
    for (const other of this.ports) {
      if (other === port || other.series.id !== port.series.id) continue;
      other.window = port.window;
      other.tables = null;
      other.refresh();
    }
  }

  // --- slices ---

  wanted() {
    const lists = [this.active, ...this.ports.filter((port) => port !== this.active)]
      .filter(Boolean)
      .map((port) => port.wants());
    const firsts = lists.map((list) => list[0]).filter(Boolean);
    this.source.want([...new Set([...firsts, ...lists.flatMap((list) => list.slice(1))])]);
  }

  arrived(url) {
    for (const port of this.ports) {
      if (port.series && port.awaits(url)) port.refresh();
    }
  }

  failedSlice(url, why) {
    if (why === "401") this.signedOut();
    for (const port of this.ports) {
      if (port.series && port.awaits(url)) {
        port.problem = `slice ${port.k + 1} could not be loaded (${why})`;
        port.refresh();
      }
    }
  }

  /** The session is over: the page may keep what was typed first, else it is loaded again. */
  signedOut() {
    if (this.over) return;
    this.over = true;
    this.say("The session is over. Sign in again.");
    if (this.emit("signed-out", {})) location.reload();
  }

  drew(port) {
    if (port.study === this.study) this.shown.mark(port.series, port.plane, port.shownK);
    this.emit("frame", { series: port.series.id, plane: port.plane, slice: port.shownK });
  }

  lookedSoon() {
    clearTimeout(this.lookedTimer);
    this.lookedTimer = setTimeout(() => {
      const summary = this.shown.summary();
      this.panel.looked(summary);
      this.emit("looked", summary);
    }, 250);
  }

  /** What was looked at so far, as JSON. */
  looked() {
    return this.shown.summary();
  }

  scroll(port, steps) {
    if (port.goTo(port.k + steps)) this.links.follow(port);
  }

  goTo(port, k) {
    if (port.goTo(k)) this.links.follow(port);
  }

  refresh() {
    this.ports.forEach((port) => port.refresh());
  }

  // --- regions: what the page's report speaks of ---

  /** Go to a region's largest slice and outline it; false where it cannot be shown. */
  show(id) {
    return this.regions.show(id);
  }

  /** Show the place that a statement rests on; false where it rests on none. */
  showStatement(id) {
    return this.regions.showStatement(id);
  }

  selectMark(id) {
    this.marks.selected = id;
    this.refresh();
  }

  markChanged(change, mark) {
    this.emit("measurement", { change, mark, all: [...this.marks.all] });
    this.refresh();
  }

  // --- priors ---

  /** Hang the newest like prior beside it, or take it away again. */
  async togglePrior() {
    if (this.prior) {
      this.prior = null;
      this.stages = hang(this.document);
      this.stage(0);
      return;
    }
    const likely = likelyPrior(this.document) ?? this.document.priors[0];
    if (!likely) {
      this.say("No prior study of this patient is here.");
      return;
    }
    this.prior = await this.read(likely.study);
    this.stages = hang(this.document, this.prior);
    this.stage(0);
  }

  /** Do what a key or a button says; whether it was anybody's. */
  act(action) {
    if (this.actions.do(action)) return true;
    // Not the viewer's: the page may use it, and says so by preventDefault.
    return !this.emit("action", { action });
  }
}

/** Fill an element with the viewer of a study. */
export function mount(element, options) {
  return new Viewer(element, options).open();
}
