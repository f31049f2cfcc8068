// Where an image's pixels are on the canvas: fit, zoom, pan, quarter turns and mirrors.
// Image coordinates count edges: pixel (row r, column c) covers x c..c+1 and y r..r+1.

/** A view as it is first shown. */
export function upright() {
  return { zoom: 1, panX: 0, panY: 0, turns: 0, flipH: false, flipV: false };
}

/** Canvas pixels per row and column, so that millimetres are as long both ways. */
function pixelSize(image) {
  const { spacing } = image;
  if (!spacing) return { x: 1, y: 1 };
  const least = Math.min(spacing.row, spacing.column);
  return { x: spacing.column / least, y: spacing.row / least };
}

/** Canvas pixels per least pixel side at zoom 1: the whole image just fits. */
export function fitScale(view, image, canvas) {
  const size = pixelSize(image);
  const wide = image.columns * size.x;
  const high = image.rows * size.y;
  const [across, down] = view.turns % 2 ? [high, wide] : [wide, high];
  return Math.min(canvas.width / across, canvas.height / down);
}

/** The matrix {a, b, c, d, e, f} from image coordinates to canvas pixels, as canvas 2D takes it. */
export function matrix(view, image, canvas) {
  const size = pixelSize(image);
  const scale = fitScale(view, image, canvas) * view.zoom;
  const [cos, sin] = [[1, 0], [0, 1], [-1, 0], [0, -1]][view.turns];
  const mirrorX = view.flipH ? -1 : 1;
  const mirrorY = view.flipV ? -1 : 1;
  const a = mirrorX * cos * scale * size.x;
  const b = mirrorY * sin * scale * size.x;
  const c = mirrorX * -sin * scale * size.y;
  const d = mirrorY * cos * scale * size.y;
  const x = image.columns / 2;
  const y = image.rows / 2;
  return {
    a, b, c, d,
    e: canvas.width / 2 + view.panX - a * x - c * y,
    f: canvas.height / 2 + view.panY - b * x - d * y,
  };
}

/** Canvas pixels of an image point. */
export function toCanvas(m, x, y) {
  return [m.a * x + m.c * y + m.e, m.b * x + m.d * y + m.f];
}

/** Image coordinates of a canvas pixel. */
export function toImage(m, x, y) {
  const whole = m.a * m.d - m.b * m.c;
  const [dx, dy] = [x - m.e, y - m.f];
  return [(m.d * dx - m.c * dy) / whole, (m.a * dy - m.b * dx) / whole];
}

/** Turn by quarters, clockwise as seen, whatever is mirrored. */
export function turn(view, quarters) {
  const seen = view.flipH !== view.flipV ? -quarters : quarters;
  return { ...view, turns: (((view.turns + seen) % 4) + 4) % 4 };
}

/** Zoom by a factor about a canvas point, which stays where it is. */
export function zoomAt(view, factor, point, canvas) {
  const zoom = Math.min(40, Math.max(0.1, view.zoom * factor));
  const real = zoom / view.zoom;
  const [x, y] = [point[0] - canvas.width / 2, point[1] - canvas.height / 2];
  return {
    ...view,
    zoom,
    panX: x - (x - view.panX) * real,
    panY: y - (y - view.panY) * real,
  };
}

/** The edge letters as seen: what lies to the right and at the bottom of the canvas. */
export function seenLetters(view, towards, opposite) {
  if (!towards) return null;
  const right = [towards.column, opposite(towards.row), opposite(towards.column), towards.row];
  const bottom = [towards.row, towards.column, opposite(towards.row), opposite(towards.column)];
  const atRight = view.flipH ? opposite(right[view.turns]) : right[view.turns];
  const atBottom = view.flipV ? opposite(bottom[view.turns]) : bottom[view.turns];
  return { right: atRight, left: opposite(atRight), bottom: atBottom, top: opposite(atBottom) };
}
