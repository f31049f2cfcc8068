// Regions of a report over the images: masks fetched sixteen slices at a time, painted in colours
// that the colour-blind tell apart, each one switched on and off; and which region is under a point.

import { ByteCache } from "./slices.js";

const COLOURS = [
  [86, 180, 233], [230, 159, 0], [0, 200, 140], [240, 228, 66], [204, 121, 167], [255, 120, 60],
  [150, 150, 255], [190, 220, 120],
];
const TOGETHER = 16;

export function colourOf(index) {
  return COLOURS[index % COLOURS.length];
}

export function css(colour, alpha = 1) {
  return `rgba(${colour[0]}, ${colour[1]}, ${colour[2]}, ${alpha})`;
}

export class Masks {
  constructor({ base, study, report, regions, arrived = () => {} }) {
    this.base = base;
    this.study = study;
    this.report = report;
    this.regions = regions.map((region, index) => ({ ...region, colour: colourOf(index) }));
    this.visible = new Set(this.regions.map((region) => region.id));
    this.all = true; // the one switch over all of them
    this.opacity = 0.3;
    this.selected = null;
    this.revision = 0; // grows when anything that is painted changes
    this.arrived = arrived;
    this.cache = new ByteCache(64 * 1024 * 1024);
    this.pending = new Map();
  }

  region(id) {
    return this.regions.find((region) => region.id === id);
  }

  of(seriesId) {
    return this.regions.filter((region) => region.series === seriesId);
  }

  shown(seriesId) {
    if (!this.all) return [];
    return this.of(seriesId).filter((region) => this.visible.has(region.id));
  }

  toggle(id, on = !this.visible.has(id)) {
    if (on) this.visible.add(id);
    else this.visible.delete(id);
    this.revision += 1;
  }

  toggleAll() {
    this.all = !this.all;
    this.revision += 1;
  }

  setOpacity(value) {
    this.opacity = value;
    this.revision += 1;
  }

  select(id) {
    this.selected = id;
    this.revision += 1;
  }

  address(region, plane, first) {
    const version = this.report.version ? `&version=${this.report.version}` : "";
    return (
      `${this.base}api/studies/${this.study}/series/${region.series}/masks/` +
      `${encodeURIComponent(region.id)}/${first}?plane=${plane}&count=${TOGETHER}` +
      `&report=${this.report.id}${version}`
    );
  }

  /** The bits of a region on a slice, or null while they are on their way. */
  bits(region, plane, k, [count, rows, columns]) {
    const first = Math.floor(k / TOGETHER) * TOGETHER;
    const url = this.address(region, plane, first);
    const chunk = this.cache.get(url);
    if (!chunk) {
      this.fetch(url);
      return null;
    }
    const size = Math.ceil((rows * columns) / 8);
    this.ahead(region, plane, first, count);
    return chunk.subarray((k - first) * size, (k - first + 1) * size);
  }

  /** Fetch the slices before and after too, so that masks keep up with scrolling. */
  ahead(region, plane, first, count) {
    for (const next of [first + TOGETHER, first - TOGETHER]) {
      if (next < 0 || next >= count) continue;
      const url = this.address(region, plane, next);
      if (!this.cache.has(url)) this.fetch(url);
    }
  }

  async fetch(url) {
    if (this.pending.has(url)) return;
    this.pending.set(url, true);
    try {
      const answer = await fetch(url, { credentials: "same-origin" });
      if (!answer.ok) return; // stays pending: what was refused is not asked for again
      const chunk = new Uint8Array(await answer.arrayBuffer());
      this.cache.put(url, chunk, chunk.byteLength);
      this.pending.delete(url);
      this.revision += 1;
      this.arrived();
    } catch {
      setTimeout(() => this.pending.delete(url), 3000);
    }
  }

  /** Where a region's mask is: {slices: [first, last], largest, voxels}; asked for once. */
  async where(id) {
    const region = this.region(id);
    if (!region?.mask || region.series === null) return null;
    if (!region.place) {
      const version = this.report.version ? `&version=${this.report.version}` : "";
      const url =
        `${this.base}api/studies/${this.study}/series/${region.series}/masks/` +
        `${encodeURIComponent(id)}?report=${this.report.id}${version}`;
      const answer = await fetch(url, { credentials: "same-origin" });
      if (!answer.ok) return null;
      region.place = await answer.json();
    }
    return region.place;
  }

  /** Paint the visible masks of a slice into RGBA pixels; false while some are on their way. */
  paint(seriesId, plane, k, shape, pixels) {
    pixels.fill(0);
    let whole = true;
    for (const region of this.shown(seriesId)) {
      if (!region.mask) continue;
      const bits = this.bits(region, plane, k, shape);
      if (!bits) whole = false;
      else paintBits(bits, shape, region, this, pixels);
    }
    return whole;
  }

  /** Ids of the visible regions under a pixel of a slice, the last painted first. */
  under(seriesId, plane, k, shape, row, column) {
    if (row < 0 || column < 0 || row >= shape[1] || column >= shape[2]) return [];
    const at = row * shape[2] + column;
    return this.shown(seriesId)
      .filter((region) => {
        if (!region.mask) return plane === "stored" && inBox(region, k, row, column);
        const bits = this.bits(region, plane, k, shape);
        return bits !== null && (bits[at >> 3] >> (7 - (at & 7))) & 1;
      })
      .map((region) => region.id)
      .reverse();
  }
}

/** Whether a pixel is in a region's box, which stands for regions without a mask. */
function inBox(region, k, row, column) {
  if (!region.box || (region.slice ?? 0) !== k) return false;
  const [x0, y0, x1, y1] = region.box;
  return column >= x0 && column < x1 && row >= y0 && row < y1;
}

function paintBits(bits, [, rows, columns], region, masks, pixels) {
  const [red, green, blue] = region.colour;
  const colour = (blue << 16) | (green << 8) | red;
  const selected = masks.selected === region.id;
  const fill = (colour | (Math.round(masks.opacity * 255) << 24)) >>> 0;
  const edge = (colour | 0xff000000) >>> 0;
  const set = (at) => (bits[at >> 3] >> (7 - (at & 7))) & 1;
  const count = rows * columns;
  for (let byte = 0; byte < bits.length; byte += 1) {
    if (!bits[byte]) continue;
    const end = Math.min(count, byte * 8 + 8);
    for (let at = byte * 8; at < end; at += 1) {
      if (!set(at)) continue;
      const column = at % columns;
      const inner =
        !selected ||
        (column > 0 && column < columns - 1 && at >= columns && at < count - columns &&
          set(at - 1) && set(at + 1) && set(at - columns) && set(at + columns));
      pixels[at] = inner ? fill : edge;
    }
  }
}
