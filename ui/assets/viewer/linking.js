// Whether two viewports may follow each other, and where the one is when the other moves.
// Positions are the patient's, in mm; slice numbers are never compared.

import { dot, normal, step, toIndex, toMm } from "./geometry.js";

export const SAME = "same frame of reference";
export const UNREGISTERED = "linked by position without registration";

/**
 * What ties two series: {can, on, says}. The same frame of reference is sure. Where it is not known
 * to be the same, positions may be compared between images of one scanner, and it is said that
 * nothing was registered; images of different scanners are not linked unless a person asks.
 */
export function tie(one, other) {
  if (one.series.id === other.series.id) return { can: true, on: true, says: SAME };
  const [a, b] = [one.series.frame_of_reference, other.series.frame_of_reference];
  if (!one.series.affine_lps || !other.series.affine_lps) {
    return { can: false, on: false, says: "no position in the patient is known" };
  }
  if (a && a === b) return { can: true, on: true, says: SAME };
  if (one.study === other.study && a && b) {
    return { can: true, on: false, says: "another frame of reference: not linked" };
  }
  if (one.study !== other.study && !(one.series.scanner && one.series.scanner === other.series.scanner)) {
    return { can: true, on: false, says: "another or an unknown scanner: not linked" };
  }
  return { can: true, on: true, says: UNREGISTERED };
}

/** Whether two cuts are near enough parallel (within about 15 degrees) to scroll together. */
export function parallel(one, other) {
  return Math.abs(dot(normal(one), normal(other))) > 0.966;
}

/** The slice of a cut that is nearest to a point in mm; null if it lies beyond the cut's ends. */
export function nearestSlice(affine, shape, point) {
  // Along the slice's normal, from the middle of the image: a tilt must not shift the answer.
  const across = normal(affine);
  const middle = [0, (shape[1] - 1) / 2, (shape[2] - 1) / 2];
  const start = dot(toMm(affine, middle), across);
  const gap = dot(step(affine, 0), across);
  const k = Math.round((dot(point, across) - start) / gap);
  return k >= 0 && k < shape[0] ? k : null;
}

/** The middle of a slice in mm. */
export function middleOf(affine, shape, k) {
  return toMm(affine, [k, (shape[1] - 1) / 2, (shape[2] - 1) / 2]);
}

/** Row and column of a point in a cut, and its slice. */
export function placeIn(affine, point) {
  const [k, row, column] = toIndex(affine, point);
  return { k, row, column };
}
