// Measurements that a person draws: length, angle, ellipse, rectangle. Points are [row, column] in
// pixel centres of one cut. No millimetre is ever made where the spacing is unknown: then it is px.

/** Length of a line in mm, or in pixels where the spacing is null. */
export function lengthOf([from, to], spacing) {
  const rows = (to[0] - from[0]) * (spacing ? spacing.row : 1);
  const columns = (to[1] - from[1]) * (spacing ? spacing.column : 1);
  return { value: Math.hypot(rows, columns), unit: spacing ? "mm" : "px" };
}

/** Angle at the middle point in degrees; without spacing pixels are taken as square. */
export function angleOf([one, middle, other], spacing) {
  const arm = (end) => [
    (end[0] - middle[0]) * (spacing ? spacing.row : 1),
    (end[1] - middle[1]) * (spacing ? spacing.column : 1),
  ];
  const [a, b] = [arm(one), arm(other)];
  const between = Math.atan2(a[0] * b[1] - a[1] * b[0], a[0] * b[0] + a[1] * b[1]);
  return { value: Math.abs((between * 180) / Math.PI), unit: "deg" };
}

function insideOf(kind, [from, to]) {
  const [r0, r1] = [Math.min(from[0], to[0]), Math.max(from[0], to[0])];
  const [c0, c1] = [Math.min(from[1], to[1]), Math.max(from[1], to[1])];
  const bounds = { r0, r1, c0, c1 };
  if (kind === "rectangle") return { bounds, inside: () => true };
  const [mr, mc, hr, hc] = [(r0 + r1) / 2, (c0 + c1) / 2, (r1 - r0) / 2, (c1 - c0) / 2];
  return {
    bounds,
    inside: (r, c) => ((r - mr) / (hr || 1)) ** 2 + ((c - mc) / (hc || 1)) ** 2 <= 1,
  };
}

/**
 * Mean, SD (n - 1), least and greatest value of the pixels whose centres are inside, and the shape's
 * own area. `left` says which pixels (row * columns + column) do not count: they were never measured.
 */
export function statisticsOf(kind, points, slice, spacing, left = null) {
  const { bounds, inside } = insideOf(kind, points);
  let [count, mean, squares, min, max] = [0, 0, 0, Infinity, -Infinity];
  const r1 = Math.min(slice.rows - 1, Math.floor(bounds.r1));
  const c1 = Math.min(slice.columns - 1, Math.floor(bounds.c1));
  for (let r = Math.max(0, Math.ceil(bounds.r0)); r <= r1; r += 1) {
    for (let c = Math.max(0, Math.ceil(bounds.c0)); c <= c1; c += 1) {
      const at = r * slice.columns + c;
      if (!inside(r, c) || (left && left(at))) continue;
      const value = slice.values[at];
      if (!Number.isFinite(value)) continue;
      count += 1;
      const off = value - mean;
      mean += off / count;
      squares += off * (value - mean);
      min = Math.min(min, value);
      max = Math.max(max, value);
    }
  }
  const sides =
    (bounds.r1 - bounds.r0) * (bounds.c1 - bounds.c0) * (kind === "ellipse" ? Math.PI / 4 : 1);
  return {
    count,
    mean: count ? mean : null,
    sd: count > 1 ? Math.sqrt(squares / (count - 1)) : null,
    min: count ? min : null,
    max: count ? max : null,
    area: {
      value: sides * (spacing ? spacing.row * spacing.column : 1),
      unit: spacing ? "mm2" : "px",
    },
  };
}

export const POINTS = { length: 2, angle: 3, ellipse: 2, rectangle: 2 };

/** What is measured, as numbers with units; null while points are missing. */
export function measure(mark, slice, spacing, left = null) {
  if (mark.points.length < POINTS[mark.kind]) return null;
  if (mark.kind === "length") return { length: lengthOf(mark.points, spacing) };
  if (mark.kind === "angle") return { angle: angleOf(mark.points, spacing) };
  if (slice.samples === 3) {
    const { area } = statisticsOf(mark.kind, mark.points, { ...slice, values: [] }, spacing);
    return { area };
  }
  return statisticsOf(mark.kind, mark.points, slice, spacing, left);
}

const short = (value) => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(1));

/** The lines of text that stand beside a mark. */
export function words(mark, units) {
  const { result } = mark;
  if (!result) return [];
  if (result.length) return [`${result.length.value.toFixed(1)} ${result.length.unit}`];
  if (result.angle) return [`${result.angle.value.toFixed(1)}°`];
  const unit = result.area.unit === "mm2" ? "mm²" : "px";
  const lines = [`area ${short(result.area.value)} ${unit}`];
  if (result.mean !== null && result.mean !== undefined) {
    const sd = result.sd === null ? "" : ` SD ${short(result.sd)}`;
    lines.unshift(`mean ${short(result.mean)}${sd} ${units}`.trim());
    lines.push(`${short(result.min)} to ${short(result.max)} ${units}`.trim());
  }
  return lines;
}

/** All marks of a viewer, with what was undone. */
export class Marks {
  constructor(changed = () => {}) {
    this.all = [];
    this.undone = [];
    this.changed = changed;
    this.selected = null;
    this.next = 1;
  }

  on(series, plane, k) {
    return this.all.filter(
      (mark) => mark.series === series && mark.plane === plane && mark.slice === k,
    );
  }

  add(mark) {
    const whole = { ...mark, id: `d${this.next}` };
    this.next += 1;
    this.all.push(whole);
    this.undone = [];
    this.selected = whole.id;
    this.changed("added", whole);
    return whole;
  }

  remove(id = this.selected ?? this.all.at(-1)?.id) {
    const at = this.all.findIndex((mark) => mark.id === id);
    if (at < 0) return false;
    const [gone] = this.all.splice(at, 1);
    this.undone.push({ was: "removed", mark: gone });
    this.selected = null;
    this.changed("removed", gone);
    return true;
  }

  /** Take the last mark back, or bring back the one that was just deleted. */
  undo() {
    const last = this.undone.at(-1);
    if (last?.was === "removed") {
      this.undone.pop();
      this.all.push(last.mark);
      this.changed("added", last.mark);
      return true;
    }
    const mark = this.all.pop();
    if (!mark) return false;
    this.undone.push({ was: "undone", mark });
    this.changed("removed", mark);
    return true;
  }

  redo() {
    const last = this.undone.at(-1);
    if (last?.was !== "undone") return false;
    this.undone.pop();
    this.all.push(last.mark);
    this.changed("added", last.mark);
    return true;
  }
}
