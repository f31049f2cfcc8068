// One image on the screen: a cut of a series at a slice, through a window, in a view.
// It asks for slices by address and draws the one it has; all texts are of that one.

import { pixelSpacing, toIndex, toMm, towards } from "./geometry.js";
import { leastWidth, paint, table } from "./lut.js";
import {
  drawCrosshair, drawLetters, drawMagnifier, drawMark, drawRegion, drawScale, drawTexts,
} from "./overlays.js";
import { around } from "./slices.js";
import { matrix, toImage, upright } from "./transform.js";

const REACH = 48;
const QUICK = 150; // milliseconds between slices that make it scrolling
const STILL = 200; // and of rest after which the exact slice is fetched
// From here on single pixels are looked at, and blurring them would only hide them.
const SHARP = 4;

export class Viewport {
  /** `room` is what all viewports share: source, masks, marks, shown, base and callbacks. */
  constructor(host, room) {
    this.host = host;
    this.room = room;
    this.canvas = document.createElement("canvas");
    this.canvas.className = "mv-canvas";
    host.append(this.canvas);
    this.image = document.createElement("canvas"); // the slice at its own size
    this.over = document.createElement("canvas"); // its masks
    this.crosshair = null;
    this.magnifier = false;
    this.cursor = null;
    this.resized = new ResizeObserver(() => this.fit());
    this.resized.observe(host);
    this.clear();
  }

  clear() {
    this.series = null;
    this.tables = null;
    this.slice = null;
    this.linkWords = "";
    this.draft = null;
    this.painted = "";
  }

  close() {
    this.resized.disconnect();
    cancelAnimationFrame(this.asked);
    clearTimeout(this.rest);
    this.series = null;
    this.host.remove();
  }

  get cut() {
    return this.series.planes[this.plane];
  }

  get count() {
    return this.series ? this.cut.shape[0] : 0;
  }

  /** Show a series of a study in a plane, at a slice (default: the middle one of a volume). */
  show({ study, series, plane = "stored", k = null }) {
    this.clear();
    this.study = study;
    this.series = series;
    this.plane = series.planes[plane] ? plane : "stored";
    const volume = series.kind === "volume" || series.kind === "4d";
    this.k = k ?? (volume ? Math.floor(this.count / 2) : 0);
    this.t = 0;
    this.shownK = null;
    this.waiting = true;
    this.problem = "";
    this.direction = 1;
    this.preview = false;
    this.moved = 0;
    this.view = upright();
    this.inverted = false;
    this.window = this.first = firstWindow(series);
    this.spacing = pixelSpacing(this.cut.affine_lps, series.spacing_mm);
    this.towards = towards(this.cut.affine_lps, series.view.orientation);
    this.fit();
    this.room.wanted();
  }

  /** The address of a slice: its exact values, or a small picture of it to scroll by. */
  address(k = this.k, preview = false) {
    const time = this.series.steps > 1 ? `&t=${this.t}` : "";
    const exact =
      `${this.room.base}api/studies/${this.study}/series/${this.series.id}/slices/${k}` +
      `?plane=${this.plane}${time}`;
    if (!preview) return exact;
    const { width, centre, function: how } = this.window ?? {};
    const window = this.window ? `&window=${width},${centre},${how}` : "";
    return `${exact}&format=jpeg&quality=90${window}`;
  }

  /** Whether an address is that of the slice which is wanted now. */
  awaits(url) {
    return url === this.address() || (this.preview && url === this.address(this.k, true));
  }

  /** Addresses that this viewport wants: what it shows first, then what may come next. */
  wants() {
    if (!this.series) return [];
    const bytes = this.cut.shape[1] * this.cut.shape[2] * this.series.samples * 4;
    const reach = Math.min(REACH, Math.max(2, Math.floor(this.room.source.cache.limit / 4 / bytes)));
    const preview = this.preview;
    return around(this.k, this.count, this.direction, reach).map((k) => this.address(k, preview));
  }

  /** Over a slow line small pictures are scrolled by; at rest the exact slice comes. */
  hurry(next) {
    const now = performance.now();
    const scrolling = now - this.moved < QUICK;
    this.moved = now;
    const there = this.room.source.get(this.address(next)) !== undefined;
    this.preview = scrolling && this.room.source.slow && !there;
    clearTimeout(this.rest);
    if (this.preview) this.rest = setTimeout(() => this.exact(), STILL);
  }

  exact() {
    if (!this.series || !this.preview) return;
    this.preview = false;
    this.room.wanted();
    this.refresh();
  }

  goTo(k) {
    const next = Math.min(this.count - 1, Math.max(0, k));
    if (next === this.k) return false;
    this.direction = next > this.k ? 1 : -1;
    this.hurry(next);
    this.k = next;
    this.waiting = true;
    this.room.wanted();
    this.refresh();
    return true;
  }

  goToTime(t) {
    this.t = ((t % this.series.steps) + this.series.steps) % this.series.steps;
    this.waiting = true;
    this.room.wanted();
    this.refresh();
  }

  setWindow(window) {
    if (this.series.samples === 3) return;
    const width = Math.max(window.width, leastWidth(window.function));
    this.window = { ...window, width };
    this.tables = null;
    this.exact();
    this.refresh();
    this.room.windowed(this);
  }

  reset() {
    this.view = upright();
    this.inverted = false;
    this.window = this.first;
    this.tables = null;
    this.refresh();
  }

  invert() {
    this.inverted = !this.inverted;
    this.tables = null;
    this.refresh();
  }

  setView(view) {
    this.view = view;
    this.refresh();
  }

  /** Canvas size in device pixels, so that lines and letters are sharp. */
  fit() {
    const ratio = window.devicePixelRatio || 1;
    const width = Math.max(1, Math.round(this.host.clientWidth * ratio));
    const height = Math.max(1, Math.round(this.host.clientHeight * ratio));
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
      this.draw(); // at once: a resized canvas is empty
    } else this.refresh();
  }

  refresh() {
    if (this.asked) return;
    this.asked = requestAnimationFrame(() => {
      this.asked = 0;
      this.draw();
    });
  }

  get size() {
    const [, rows, columns] = this.cut.shape;
    return { rows, columns, spacing: this.spacing };
  }

  get matrix() {
    return matrix(this.view, this.size, this.canvas);
  }

  draw() {
    const ctx = this.canvas.getContext("2d", { alpha: false });
    ctx.ratio = window.devicePixelRatio || 1;
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.fillStyle = "#000";
    ctx.fillRect(0, 0, this.canvas.width, this.canvas.height);
    if (!this.series) return;
    this.take();
    const m = this.matrix;
    if (this.slice) this.drawPixels(ctx, m);
    this.drawOver(ctx, m);
    this.describe();
  }

  /** Take the slice that is wanted if it is there; else what was drawn stays, and says so. */
  take() {
    const { source } = this.room;
    const slice =
      source.get(this.address()) ?? (this.preview && source.get(this.address(this.k, true)));
    if (!slice) {
      this.waiting = true;
      return;
    }
    this.waiting = false;
    this.problem = "";
    const window = this.window ?? { centre: 127.5, width: 255, function: "LINEAR_EXACT" };
    const key = `${this.address()} ${slice.type} ${JSON.stringify(this.window)} ${this.inverted}`;
    if (this.painted === key) return;
    if (slice.picture) this.paintPicture(slice);
    else this.paintImage(slice, window);
    this.painted = key;
    if (this.slice !== slice) {
      const again = this.slice?.picture && this.shownK === this.k;
      this.slice = slice;
      this.shownK = this.k;
      if (!again) this.room.drew(this);
    }
  }

  /** The canvas of the slice, at the slice's size. */
  imageFor(slice) {
    if (this.image.width !== slice.columns || this.image.height !== slice.rows) {
      this.image.width = slice.columns;
      this.image.height = slice.rows;
      this.pixels = new ImageData(slice.columns, slice.rows);
    }
    return this.image.getContext("2d");
  }

  /** A picture that the server windowed already (and inverted, where the film says so). */
  paintPicture(slice) {
    const ctx = this.imageFor(slice);
    ctx.drawImage(slice.picture, 0, 0);
    if (!this.inverted) return;
    ctx.globalCompositeOperation = "difference";
    ctx.fillStyle = "#fff";
    ctx.fillRect(0, 0, slice.columns, slice.rows);
    ctx.globalCompositeOperation = "source-over";
  }

  paintImage(slice, window) {
    const ctx = this.imageFor(slice);
    this.tables ??= table(slice.type, window, this.series.inverted !== this.inverted);
    paint(slice, this.tables, window, new Uint32Array(this.pixels.data.buffer));
    if (slice.samples === 3 && this.inverted) invertColour(this.pixels.data);
    ctx.putImageData(this.pixels, 0, 0);
  }

  drawPixels(ctx, m) {
    const scale = Math.max(Math.hypot(m.a, m.b), Math.hypot(m.c, m.d));
    ctx.imageSmoothingEnabled = scale < SHARP && scale !== 1;
    ctx.imageSmoothingQuality = scale < 1 ? "high" : "medium";
    ctx.setTransform(m.a, m.b, m.c, m.d, m.e, m.f);
    ctx.drawImage(this.image, 0, 0);
    if (this.paintMasks()) {
      ctx.imageSmoothingEnabled = false;
      ctx.drawImage(this.over, 0, 0);
    }
    ctx.setTransform(1, 0, 0, 1, 0, 0);
  }

  /** Paint the masks of the slice on the screen; false where there is nothing to see. */
  paintMasks() {
    const { masks } = this.room;
    if (this.study !== masks.study || !masks.shown(this.series.id).some((one) => one.mask)) {
      return false;
    }
    const { shape } = this.cut;
    const key = `${this.series.id} ${this.plane} ${this.shownK} ${masks.revision}`;
    if (this.overKey === key) return true;
    if (this.over.width !== shape[2] || this.over.height !== shape[1]) {
      this.over.width = shape[2];
      this.over.height = shape[1];
      this.overPixels = new ImageData(shape[2], shape[1]);
    }
    const pixels = new Uint32Array(this.overPixels.data.buffer);
    masks.paint(this.series.id, this.plane, this.shownK, shape, pixels);
    this.over.getContext("2d").putImageData(this.overPixels, 0, 0);
    this.overKey = key;
    return true;
  }

  drawOver(ctx, m) {
    if (this.slice) {
      this.drawRegions(ctx, m);
      const selected = this.room.marks.selected;
      const here = this.room.marks.on(this.series.id, this.plane, this.shownK);
      for (const mark of [...here, this.draft].filter(Boolean)) {
        drawMark(ctx, m, mark, { units: this.unitWord, selected: mark.id === selected });
      }
      const place = this.crosshairPlace();
      if (place) drawCrosshair(ctx, m, place);
      if (this.magnifier && this.cursor) drawMagnifier(ctx, this.image, m, this.cursor);
      drawLetters(ctx, this);
      drawScale(ctx, this, m);
    }
    this.readout = this.valueText(m);
    drawTexts(ctx, this);
  }

  drawRegions(ctx, m) {
    const { masks } = this.room;
    if (this.study !== masks.study || this.plane !== "stored") return;
    for (const region of masks.shown(this.series.id)) {
      const selected = region.id === masks.selected;
      if ((region.slice ?? 0) !== this.shownK || (region.mask && !selected)) continue;
      drawRegion(ctx, m, region, { boxed: !region.mask, selected: selected && !region.mask });
    }
  }

  /** Which pixels of a region's slice were never measured and do not count; null for none. */
  async padding(mark) {
    if (!this.series.padded || !["ellipse", "rectangle"].includes(mark.kind)) return null;
    const url = this.address(mark.slice).replace("/slices/", "/padding/");
    const answer = await fetch(url, { credentials: "same-origin" });
    if (!answer.ok) throw new Error(`padding: ${answer.status}`);
    const bits = new Uint8Array(await answer.arrayBuffer());
    return (at) => (bits[at >> 3] >> (7 - (at & 7))) & 1;
  }

  /** Row and column of the crosshair, if it lies on this cut. */
  crosshairPlace() {
    if (!this.crosshair || !this.cut.affine_lps) return null;
    const [, row, column] = toIndex(this.cut.affine_lps, this.crosshair);
    return [row, column];
  }

  get unitWord() {
    const { units } = this.series;
    return units === "1" ? "" : units;
  }

  /** Row and column of a canvas pixel, as pixel centres count; null outside the image. */
  pixelAt(point) {
    const [x, y] = toImage(this.matrix, ...point);
    const [row, column] = [Math.floor(y), Math.floor(x)];
    const { rows, columns } = this.size;
    if (row < 0 || column < 0 || row >= rows || column >= columns) return null;
    return { row, column, exact: [y - 0.5, x - 0.5] };
  }

  mmAt(point) {
    const place = this.pixelAt(point);
    if (!place || !this.cut.affine_lps || this.shownK === null) return null;
    return toMm(this.cut.affine_lps, [this.shownK, place.row, place.column]);
  }

  valueText(m) {
    const place = this.cursor && this.slice && m ? this.pixelAt(this.cursor) : null;
    if (!place) return "";
    const value = this.slice.picture ? "" : valueOf(this.slice, place.row, place.column);
    const where = this.mmAt(this.cursor);
    const at = where ? `  ${where.map((one) => one.toFixed(1)).join(", ")} mm LPS` : "";
    return `${value} ${value && this.unitWord}`.trim() + `  x ${place.column} y ${place.row}${at}`;
  }

  /** Say in words what is on the screen, for those who cannot see it. */
  describe() {
    const { series } = this;
    const name = this.plane === "stored" ? series.stored_plane : this.plane;
    const slice = this.count > 1 ? `, ${name} ${(this.shownK ?? 0) + 1} of ${this.count}` : "";
    const text = `${series.modality} ${series.description}${slice}`;
    if (this.said !== text) {
      this.said = text;
      this.host.setAttribute("aria-label", text);
    }
  }
}

function valueOf(slice, row, column) {
  const at = (row * slice.columns + column) * slice.samples;
  if (slice.samples === 3) return [...slice.values.subarray(at, at + 3)].join(", ");
  const value = slice.values[at];
  return Number.isInteger(value) ? `${value}` : value.toPrecision(5);
}

function invertColour(bytes) {
  for (let at = 0; at < bytes.length; at += 4) {
    for (let part = 0; part < 3; part += 1) bytes[at + part] = 255 - bytes[at + part];
  }
}

/** The image's own window, else the first preset that fits: never least and greatest of a CT. */
export function firstWindow(series) {
  if (series.samples === 3) return null;
  const own = series.windows[0] ?? series.presets[0];
  if (!own) return { centre: 127.5, width: 255, function: "LINEAR_EXACT", name: "" };
  return {
    centre: own.centre, width: own.width, function: own.function ?? "LINEAR", name: own.name,
  };
}
