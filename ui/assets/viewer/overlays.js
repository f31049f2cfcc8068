// What stands over the pixels: letters, scale bar, texts, boxes, marks, crosshair, magnifier.
// Everything is told of the slice that is really on the screen, never of one that is still to come.

import { opposite, toMm } from "./geometry.js";
import { css } from "./masks.js";
import { words } from "./marks.js";
import { seenLetters, toCanvas, toImage } from "./transform.js";

const INK = "#dfe6ea";
const DIM = "#9fb0b8";
const WARN = "#ffcf5c";
const MARK = "#7fe0c3";

function write(ctx, text, x, y, { align = "left", base = "alphabetic", ink = INK } = {}) {
  ctx.textAlign = align;
  ctx.textBaseline = base;
  ctx.lineWidth = 3 * ctx.ratio;
  ctx.strokeStyle = "rgba(0, 0, 0, 0.85)";
  ctx.strokeText(text, x, y);
  ctx.fillStyle = ink;
  ctx.fillText(text, x, y);
}

/** Whether a viewport has no room for all texts: then names stay in the large ones. */
function small(ctx) {
  return ctx.canvas.width < 300 * ctx.ratio;
}

export function drawLetters(ctx, port) {
  const seen = seenLetters(port.view, port.towards, opposite);
  if (!seen) return;
  const { width, height } = ctx.canvas;
  const pad = 8 * ctx.ratio;
  ctx.font = `600 ${14 * ctx.ratio}px system-ui, sans-serif`;
  write(ctx, seen.left, pad, height / 2, { base: "middle" });
  write(ctx, seen.right, width - pad, height / 2, { align: "right", base: "middle" });
  const top = small(ctx) ? pad + 34 * ctx.ratio : pad;
  write(ctx, seen.top, width / 2, top, { align: "center", base: "top" });
  const bottom = height - (small(ctx) ? pad + 18 * ctx.ratio : pad);
  write(ctx, seen.bottom, width / 2, bottom, { align: "center", base: "bottom" });
}

/** A bar of a round number of mm, only where the spacing is known. */
export function scaleBar(millimetresPerPixel, room) {
  const most = millimetresPerPixel * room;
  const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500];
  const length = [...steps].reverse().find((step) => step <= most) ?? null;
  return length === null ? null : { length, pixels: length / millimetresPerPixel };
}

export function drawScale(ctx, port, m) {
  if (!port.spacing) return;
  // Along the screen's horizontal, whichever of the image's axes lies there.
  const column = Math.hypot(m.a, m.b) / port.spacing.column;
  const bar = scaleBar(1 / column, ctx.canvas.width * 0.25);
  if (!bar) return;
  const right = ctx.canvas.width - 12 * ctx.ratio;
  const y = ctx.canvas.height - 26 * ctx.ratio;
  ctx.strokeStyle = INK;
  ctx.lineWidth = 2 * ctx.ratio;
  ctx.beginPath();
  ctx.moveTo(right - bar.pixels, y - 4 * ctx.ratio);
  ctx.lineTo(right - bar.pixels, y);
  ctx.lineTo(right, y);
  ctx.lineTo(right, y - 4 * ctx.ratio);
  ctx.stroke();
  ctx.font = `${11 * ctx.ratio}px system-ui, sans-serif`;
  write(ctx, `${bar.length} mm`, right, y - 6 * ctx.ratio, { align: "right" });
}

const number = (value) => (Number.isInteger(value) ? `${value}` : value.toFixed(1));

/** The texts of the four corners. */
export function cornerTexts(port) {
  const { series, shownK } = port;
  const cut = series.planes[port.plane];
  const name = port.plane === "stored" ? series.stored_plane : port.plane;
  const top = [[series.modality, series.body_part].filter(Boolean).join(" "), series.description];
  const about = [];
  const kind = series.kind === "cine" ? "frame" : "slice";
  if (cut.shape[0] > 1) about.push(`${kind} ${shownK + 1} / ${cut.shape[0]}`);
  if (cut.affine_lps && shownK !== null) about.push(positionText(cut, shownK, name));
  if (series.steps > 1) about.push(`time ${port.t + 1} / ${series.steps}`);
  if (port.waiting) about.push(`waiting for ${kind} ${port.k + 1}`);
  const window = port.window
    ? [`W ${number(port.window.width)} L ${number(port.window.centre)}`, port.window.name ?? ""]
    : [];
  if (port.window && port.window.function !== "LINEAR") window.push(port.window.function);
  if (port.inverted) window.push("inverted");
  return { top: top.filter(Boolean), about, window: window.filter(Boolean) };
}

/** Where the slice's middle is along its plane's axis, as "axial F 33.2 mm" (LPS). */
function positionText(cut, k, name) {
  const axis = { axial: 2, coronal: 1, sagittal: 0 }[name] ?? 2;
  const middle = toMm(cut.affine_lps, [k, (cut.shape[1] - 1) / 2, (cut.shape[2] - 1) / 2]);
  const letter = ["LR", "PA", "HF"][axis][middle[axis] < 0 ? 1 : 0];
  return `${name} ${letter} ${Math.abs(middle[axis]).toFixed(1)} mm`;
}

/** A text cut to a width, so that the corners never run into each other. */
function fitted(ctx, text, width) {
  if (ctx.measureText(text).width <= width) return text;
  let kept = text;
  while (kept && ctx.measureText(`${kept}…`).width > width) kept = kept.slice(0, -1);
  return `${kept}…`;
}

export function drawTexts(ctx, port) {
  const pad = 8 * ctx.ratio;
  const line = 15 * ctx.ratio;
  ctx.font = `${12 * ctx.ratio}px system-ui, sans-serif`;
  const texts = cornerTexts(port);
  if (small(ctx)) {
    texts.top = [];
    texts.window = texts.window.slice(0, 1);
  }
  const widest = Math.max(0, ...texts.about.map((text) => ctx.measureText(text).width));
  const room = ctx.canvas.width - widest - 4 * pad;
  texts.top.forEach((text, at) =>
    write(ctx, fitted(ctx, text, room), pad, pad + at * line, { base: "top" }),
  );
  texts.about.forEach((text, at) =>
    write(ctx, text, ctx.canvas.width - pad, pad + at * line, { align: "right", base: "top" }),
  );
  const below = [port.readout, ...texts.window].filter(Boolean);
  below.forEach((text, at) =>
    write(ctx, text, pad, ctx.canvas.height - pad - (below.length - 1 - at) * line),
  );
  drawSigns(ctx, port, pad + texts.top.length * line, line);
}

/** A word for what the reader mended or doubted, and for what the pixels are not. */
export function signsOf(series) {
  const signs = [];
  if (series.verdict.status === "repaired") signs.push("⚠ repaired");
  if (series.verdict.dropped) signs.push(`⚠ ${series.verdict.dropped} parts left out`);
  if (series.lossy) signs.push("lossy compression");
  return signs;
}

function drawSigns(ctx, port, top, line) {
  const signs = signsOf(port.series);
  if (port.linkWords) signs.push(port.linkWords);
  if (port.slice?.picture) signs.push("preview while scrolling");
  if (port.problem) signs.push(port.problem);
  signs.forEach((text, at) =>
    write(ctx, fitted(ctx, text, ctx.canvas.width - 16 * ctx.ratio), 8 * ctx.ratio, top + at * line, {
      base: "top", ink: WARN,
    }),
  );
}

function path(ctx, m, points) {
  ctx.beginPath();
  points.forEach(([row, column], at) => {
    const [x, y] = toCanvas(m, column + 0.5, row + 0.5);
    if (at) ctx.lineTo(x, y);
    else ctx.moveTo(x, y);
  });
}

function ellipsePoints([from, to]) {
  const points = [];
  for (let at = 0; at <= 64; at += 1) {
    const angle = (at / 64) * 2 * Math.PI;
    points.push([
      (from[0] + to[0]) / 2 + (Math.abs(to[0] - from[0]) / 2) * Math.sin(angle),
      (from[1] + to[1]) / 2 + (Math.abs(to[1] - from[1]) / 2) * Math.cos(angle),
    ]);
  }
  return points;
}

export function outlineOf(mark) {
  const [from, to] = mark.points;
  if (mark.kind === "ellipse" && to) return ellipsePoints(mark.points);
  if (mark.kind === "rectangle" && to) {
    return [from, [from[0], to[1]], to, [to[0], from[1]], from];
  }
  return mark.points;
}

export function drawMark(ctx, m, mark, { units, selected }) {
  ctx.strokeStyle = selected ? WARN : MARK;
  ctx.lineWidth = 1.5 * ctx.ratio;
  path(ctx, m, outlineOf(mark));
  ctx.stroke();
  ctx.fillStyle = ctx.strokeStyle;
  for (const [row, column] of mark.points) {
    const [x, y] = toCanvas(m, column + 0.5, row + 0.5);
    ctx.fillRect(x - 2 * ctx.ratio, y - 2 * ctx.ratio, 4 * ctx.ratio, 4 * ctx.ratio);
  }
  const [row, column] = mark.points.at(-1);
  const [x, y] = toCanvas(m, column + 0.5, row + 0.5);
  ctx.font = `${12 * ctx.ratio}px system-ui, sans-serif`;
  words(mark, units).forEach((text, at) =>
    write(ctx, text, x + 8 * ctx.ratio, y + (14 + at * 14) * ctx.ratio, {
      ink: selected ? WARN : MARK,
    }),
  );
}

/** A region's box on its own slice; a selected region's name beside it. */
export function drawRegion(ctx, m, region, { boxed, selected }) {
  if (!region.box) return;
  const [x0, y0, x1, y1] = region.box;
  const corners = [[x0, y0], [x1, y0], [x1, y1], [x0, y1]].map(([x, y]) => toCanvas(m, x, y));
  if (boxed || selected) {
    ctx.strokeStyle = css(region.colour);
    ctx.lineWidth = (selected ? 2.5 : 1.5) * ctx.ratio;
    ctx.setLineDash(region.doubtful ? [5 * ctx.ratio, 4 * ctx.ratio] : []);
    ctx.beginPath();
    corners.forEach(([x, y], at) => (at ? ctx.lineTo(x, y) : ctx.moveTo(x, y)));
    ctx.closePath();
    ctx.stroke();
    ctx.setLineDash([]);
  }
  const left = Math.min(...corners.map(([x]) => x));
  const top = Math.min(...corners.map(([, y]) => y));
  ctx.font = `${12 * ctx.ratio}px system-ui, sans-serif`;
  const name = region.doubtful ? `${region.label} (doubtful)` : region.label;
  write(ctx, name, left, top - 4 * ctx.ratio, { ink: css(region.colour) });
}

export function drawCrosshair(ctx, m, [row, column]) {
  const [x, y] = toCanvas(m, column + 0.5, row + 0.5);
  const gap = 10 * ctx.ratio;
  ctx.strokeStyle = "rgba(127, 224, 195, 0.7)";
  ctx.lineWidth = ctx.ratio;
  ctx.beginPath();
  ctx.moveTo(0, y);
  ctx.lineTo(x - gap, y);
  ctx.moveTo(x + gap, y);
  ctx.lineTo(ctx.canvas.width, y);
  ctx.moveTo(x, 0);
  ctx.lineTo(x, y - gap);
  ctx.moveTo(x, y + gap);
  ctx.lineTo(x, ctx.canvas.height);
  ctx.stroke();
}

/** A round glass over the cursor that shows the image three times as large. */
export function drawMagnifier(ctx, image, m, [x, y]) {
  const radius = 90 * ctx.ratio;
  const [ix, iy] = toImage(m, x, y);
  ctx.save();
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  ctx.clip();
  ctx.fillStyle = "#000";
  ctx.fillRect(x - radius, y - radius, 2 * radius, 2 * radius);
  const [a, b, c, d] = [m.a * 3, m.b * 3, m.c * 3, m.d * 3];
  ctx.setTransform(a, b, c, d, x - a * ix - c * iy, y - b * ix - d * iy);
  ctx.drawImage(image, 0, 0);
  ctx.restore();
  ctx.strokeStyle = DIM;
  ctx.lineWidth = 2 * ctx.ratio;
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  ctx.stroke();
}
