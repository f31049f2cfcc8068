// Affines between the indices of a cut [slice, row, column] and the patient in LPS mm.
// An affine is four rows of four numbers, as the viewer's document gives it.

/** The step in mm of one index (0 slice, 1 row, 2 column) as [x, y, z]. */
export function step(affine, index) {
  return [affine[0][index], affine[1][index], affine[2][index]];
}

export function norm(vector) {
  return Math.hypot(...vector);
}

export function dot(a, b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

export function cross(a, b) {
  return [
    a[1] * b[2] - a[2] * b[1],
    a[2] * b[0] - a[0] * b[2],
    a[0] * b[1] - a[1] * b[0],
  ];
}

/** LPS mm of an index [slice, row, column]; fractions are allowed. */
export function toMm(affine, index) {
  return [0, 1, 2].map(
    (axis) =>
      affine[axis][0] * index[0] +
      affine[axis][1] * index[1] +
      affine[axis][2] * index[2] +
      affine[axis][3],
  );
}

/** The fractional index [slice, row, column] of a point in LPS mm (Cramer's rule). */
export function toIndex(affine, point) {
  const offset = [0, 1, 2].map((axis) => point[axis] - affine[axis][3]);
  const [a, b, c] = [step(affine, 0), step(affine, 1), step(affine, 2)];
  const whole = dot(a, cross(b, c));
  return [
    dot(offset, cross(b, c)) / whole,
    dot(a, cross(offset, c)) / whole,
    dot(a, cross(b, offset)) / whole,
  ];
}

/** Millimetres between neighbouring rows and columns of a cut, or null where they are unknown. */
export function pixelSpacing(affine, spacing) {
  if (affine) return { row: norm(step(affine, 1)), column: norm(step(affine, 2)) };
  if (spacing && spacing.length >= 2) {
    const [row, column] = spacing.slice(-2);
    return { row, column };
  }
  return null;
}

/**
 * Letters for a direction in LPS: the nearest axis first, a second one where the direction leans to
 * it by more than about 15 degrees. L left, R right, P back, A front, H head, F feet.
 */
export function letters(direction) {
  const length = norm(direction) || 1;
  const names = [["L", "R"], ["P", "A"], ["H", "F"]];
  return direction
    .map((part, axis) => ({ part: part / length, axis }))
    .filter(({ part }) => Math.abs(part) > 0.26)
    .sort((a, b) => Math.abs(b.part) - Math.abs(a.part))
    .slice(0, 2)
    .map(({ part, axis }) => names[axis][part > 0 ? 0 : 1])
    .join("");
}

const OPPOSITE = { L: "R", R: "L", P: "A", A: "P", H: "F", F: "H" };

/** The letters of the other end. */
export function opposite(text) {
  return [...text].map((letter) => OPPOSITE[letter] ?? "").join("");
}

/**
 * Letters towards growing columns and rows: from the affine, else from PatientOrientation
 * (0020,0020), which tells just that; null where neither is known.
 */
export function towards(affine, orientation) {
  if (affine) return { column: letters(step(affine, 2)), row: letters(step(affine, 1)) };
  if (orientation && orientation.length === 2) {
    return { column: orientation[0], row: orientation[1] };
  }
  return null;
}

/** The unit normal of a cut's slices. */
export function normal(affine) {
  const across = cross(step(affine, 1), step(affine, 2));
  const length = norm(across) || 1;
  return across.map((part) => part / length);
}
