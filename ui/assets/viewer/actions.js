// What each action of keys.json does to the viewer.

import { turn, upright, zoomAt } from "./transform.js";

const FRAME_SECONDS = 1 / 15;

export class Actions {
  constructor(viewer) {
    this.viewer = viewer;
    this.timer = 0;
    this.table = this.make();
  }

  /** Do an action; false if it is none of the viewer's. */
  do(action) {
    if (action.startsWith("tool-")) return this.tool(action.slice(5));
    if (action.startsWith("preset-")) return this.preset(action.slice(7));
    const run = this.table[action];
    if (!run) return false;
    if (!this.viewer.active) return true;
    run(this.viewer, this.viewer.active);
    return true;
  }

  make() {
    const view = (change) => (viewer, port) => port.setView(change(port.view, port));
    const middle = (port) => [port.canvas.width / 2, port.canvas.height / 2];
    const zoom = (factor) =>
      view((seen, port) => zoomAt(seen, factor, middle(port), port.canvas));
    return {
      "slice-previous": (viewer, port) => viewer.scroll(port, -1),
      "slice-next": (viewer, port) => viewer.scroll(port, 1),
      "slice-first": (viewer, port) => viewer.goTo(port, 0),
      "slice-last": (viewer, port) => viewer.goTo(port, port.count - 1),
      "series-previous": () => this.series(-1),
      "series-next": () => this.series(1),
      "viewport-previous": () => this.viewport(-1),
      "viewport-next": () => this.viewport(1),
      "stage-previous": (viewer) => viewer.stage(viewer.stageAt - 1),
      "stage-next": (viewer) => viewer.stage(viewer.stageAt + 1),
      "zoom-in": zoom(1.25),
      "zoom-out": zoom(1 / 1.25),
      fit: view((seen) => ({ ...seen, zoom: 1, panX: 0, panY: 0 })),
      "turn-right": view((seen) => turn(seen, 1)),
      "turn-left": view((seen) => turn(seen, -1)),
      "flip-horizontal": view((seen) => ({ ...seen, flipH: !seen.flipH })),
      "flip-vertical": view((seen) => ({ ...seen, flipV: !seen.flipV })),
      invert: (viewer, port) => {
        port.invert();
        viewer.toolbar.press("invert", port.inverted);
      },
      "window-own": (viewer, port) => port.first && viewer.setWindow(port.first),
      magnifier: (viewer, port) => {
        port.magnifier = !port.magnifier;
        if (port.magnifier && !port.cursor) port.cursor = middle(port);
        viewer.toolbarTools();
        port.refresh();
      },
      cine: () => this.cine(),
      reset: (viewer, port) => {
        port.reset();
        viewer.windowed(port);
        viewer.about(port);
      },
      cancel: (viewer) => this.cancel(viewer),
      "delete-mark": (viewer) => viewer.marks.remove(),
      undo: (viewer) => viewer.marks.undo(),
      redo: (viewer) => viewer.marks.redo(),
      "key-image": () => this.keyImage(),
      masks: (viewer) => {
        viewer.masks.toggleAll();
        viewer.toolbarTools();
        viewer.refresh();
      },
      priors: (viewer) => viewer.togglePrior(),
      link: (viewer) => viewer.links.toggle(),
    };
  }

  /** Take a tool; the one in hand again means back to the window. */
  tool(name) {
    const { viewer } = this;
    viewer.tool = viewer.tool === name ? "window" : name;
    viewer.toolbarTools();
    return true;
  }

  preset(key) {
    const { viewer } = this;
    const found = viewer.active?.series.presets.find((one) => one.key === key);
    if (found) viewer.setWindow(found);
    return Boolean(found);
  }

  series(step) {
    const { viewer } = this;
    const all = viewer.document.series;
    const at = all.findIndex((one) => one.id === viewer.active.series.id);
    const next = all[at + step];
    if (at >= 0 && next) viewer.openSeries(next);
  }

  viewport(step) {
    const { viewer } = this;
    const at = viewer.ports.indexOf(viewer.active) + step;
    const next = viewer.ports[(at + viewer.ports.length) % viewer.ports.length];
    next.host.focus();
    viewer.activate(next);
  }

  get playing() {
    return this.timer !== 0;
  }

  /** Play frames, slices or times at the series' own rate, in a circle, until it is asked again. */
  cine() {
    const { viewer } = this;
    if (this.playing) this.stop();
    else {
      const port = viewer.active;
      const seconds = port.series.frame_seconds ?? FRAME_SECONDS;
      this.timer = setInterval(() => this.step(port), seconds * 1000);
    }
    viewer.toolbarTools();
  }

  step(port) {
    if (port.waiting || !port.series) return; // a frame that is not there yet is waited for
    if (port.series.steps > 1) port.goToTime(port.t + 1);
    else this.viewer.goTo(port, (port.k + 1) % port.count);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = 0;
  }

  cancel(viewer) {
    this.stop();
    for (const port of viewer.ports) {
      port.draft = null;
      port.magnifier = false;
    }
    viewer.tool = "window";
    viewer.marks.selected = null;
    viewer.masks.select(null);
    viewer.panel.regions();
    viewer.links.clear();
    viewer.toolbarTools();
  }

  /** Offer the image as it is seen as a key image: what it is of, and the window that was used. */
  keyImage() {
    const { viewer } = this;
    const port = viewer.active;
    if (port.shownK === null) return;
    const { series } = port;
    viewer.emit("keyimage", {
      study: port.study,
      series: series.id,
      series_uid: series.uid,
      series_key: series.key,
      plane: port.plane,
      slice: port.shownK,
      time: port.t,
      window: port.window,
      inverted: port.inverted,
      view: { ...upright(), ...port.view },
      marks: viewer.marks.on(series.id, port.plane, port.shownK),
    });
    viewer.say(`Key image: ${series.description || series.modality}, slice ${port.shownK + 1}`);
  }
}
