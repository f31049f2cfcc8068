// The mouse on a viewport: wheel, dragging by the tool in hand, right drag zooms, middle drag pans.

import { POINTS, lengthOf, measure } from "./marks.js";
import { zoomAt } from "./transform.js";

const STILL = 4; // CSS pixels that a click may move
const NEAR = 8;
const NOTCH = 100; // a wheel's usual step; a touchpad sends smaller ones, which are gathered

export class Tools {
  /** `desk` is the viewer: active tool, marks, and what to do on clicks and moves. */
  constructor(port, desk) {
    this.port = port;
    this.desk = desk;
    this.gathered = 0;
    const { canvas } = port;
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerup", (event) => this.up(event));
    canvas.addEventListener("pointercancel", () => this.drop());
    canvas.addEventListener("pointerleave", () => this.leave());
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
  }

  point(event) {
    const box = this.port.canvas.getBoundingClientRect();
    const ratio = this.port.canvas.width / box.width;
    return [(event.clientX - box.left) * ratio, (event.clientY - box.top) * ratio];
  }

  wheel(event) {
    event.preventDefault();
    if (!this.port.series) return;
    this.desk.activate(this.port);
    if (event.ctrlKey) {
      const factor = Math.exp(-event.deltaY / 400);
      this.port.setView(zoomAt(this.port.view, factor, this.point(event), this.port.canvas));
      return;
    }
    this.gathered += event.deltaMode ? event.deltaY * NOTCH : event.deltaY;
    const steps = Math.trunc(this.gathered / NOTCH);
    if (!steps) return;
    this.gathered -= steps * NOTCH;
    this.desk.scroll(this.port, steps);
  }

  down(event) {
    if (!this.port.series) return;
    this.desk.activate(this.port);
    this.port.host.focus({ preventScroll: true });
    this.port.canvas.setPointerCapture(event.pointerId);
    const point = this.point(event);
    const kind = this.kindOf(event);
    this.drag = {
      kind, from: point, last: point, moved: false, view: this.port.view, window: this.port.window,
    };
    if (POINTS[kind]) this.startMark(kind, point);
    if (kind === "crosshair") this.desk.links.cross(this.port, point);
  }

  kindOf(event) {
    if (event.button === 1) return "pan";
    if (event.button === 2 || event.ctrlKey) return "zoom";
    return this.desk.tool;
  }

  move(event) {
    const point = this.point(event);
    this.port.cursor = point;
    if (!this.port.series) return;
    const { drag } = this;
    if (drag) this.dragTo(drag, point);
    else if (this.port.draft) this.pull(point);
    this.port.refresh();
  }

  dragTo(drag, point) {
    const ratio = window.devicePixelRatio || 1;
    const [dx, dy] = [point[0] - drag.from[0], point[1] - drag.from[1]];
    if (Math.hypot(dx, dy) > STILL * ratio) drag.moved = true;
    if (POINTS[drag.kind]) this.pull(point);
    else if (drag.kind === "crosshair") this.desk.links.cross(this.port, point);
    else if (!drag.moved) return;
    else if (drag.kind === "pan") {
      this.port.setView({ ...drag.view, panX: drag.view.panX + dx, panY: drag.view.panY + dy });
    } else if (drag.kind === "zoom") {
      const factor = Math.exp((drag.last[1] - point[1]) / (200 * ratio));
      this.port.setView(zoomAt(this.port.view, factor, drag.from, this.port.canvas));
    } else if (drag.kind === "window" && drag.window) this.windowTo(drag, dx / ratio, dy / ratio);
    drag.last = point;
  }

  /** To the right is wider, down is brighter; a wide window moves in larger steps. */
  windowTo(drag, dx, dy) {
    const step = Math.max(drag.window.width, 1) / 300;
    this.port.setWindow({
      ...drag.window,
      width: drag.window.width + dx * step,
      centre: drag.window.centre - dy * step,
      name: "by hand",
    });
  }

  up(event) {
    const { drag } = this;
    this.drag = null;
    if (!drag) return;
    if (POINTS[drag.kind]) this.endPoint(drag);
    else if (!drag.moved && drag.kind === this.desk.tool && event.button === 0) this.click(drag.from);
  }

  click(point) {
    const mark = this.markAt(point);
    if (mark) this.desk.selectMark(mark.id);
    else this.desk.regions.click(this.port, point);
  }

  drop() {
    this.drag = null;
    this.port.draft = null;
    this.port.refresh();
  }

  leave() {
    this.port.cursor = null;
    this.port.refresh();
  }

  startMark(kind, point) {
    const place = this.port.pixelAt(point);
    if (!place || this.port.waiting || this.port.slice.picture) return; // exact values only
    const { draft } = this.port;
    if (draft) draft.points[draft.points.length - 1] = place.exact;
    else {
      this.port.draft = {
        kind,
        series: this.port.series.id,
        plane: this.port.plane,
        slice: this.port.shownK,
        points: [place.exact, place.exact],
      };
    }
  }

  pull(point) {
    const place = this.port.pixelAt(point);
    const { draft } = this.port;
    if (!draft || !place) return;
    draft.points[draft.points.length - 1] = place.exact;
    draft.result = measure(draft, this.port.slice, this.port.spacing);
  }

  /** A drag ends a length; an angle's third point, and what was only clicked, follow the mouse. */
  endPoint(drag) {
    const { draft } = this.port;
    if (!draft) return;
    if (!drag.moved && draft.points.length === 2 && lengthOf(draft.points, null).value < 1) return;
    if (draft.points.length < POINTS[draft.kind]) {
      draft.points.push([...draft.points.at(-1)]);
      return;
    }
    this.port.draft = null;
    this.finish(draft);
  }

  /** Keep a mark with what it measures on the slice it was drawn on. */
  async finish(draft) {
    const { port } = this;
    const { slice, spacing, study, series } = port;
    const left = await port.padding(draft);
    const result = measure(draft, slice, spacing, left);
    this.desk.marks.add({ ...draft, study, units: series.units, result });
    this.desk.refresh();
  }

  /** The mark of which a point is under the mouse. */
  markAt(point) {
    const ratio = window.devicePixelRatio || 1;
    const here = this.desk.marks.on(this.port.series.id, this.port.plane, this.port.shownK);
    const m = this.port.matrix;
    return here.find((mark) =>
      mark.points.some(([row, column]) => {
        const x = m.a * (column + 0.5) + m.c * (row + 0.5) + m.e;
        const y = m.b * (column + 0.5) + m.d * (row + 0.5) + m.f;
        return Math.hypot(x - point[0], y - point[1]) < NEAR * ratio;
      }),
    );
  }
}

