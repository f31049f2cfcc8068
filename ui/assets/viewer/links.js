// The viewports of one viewer that follow each other: by scrolling, and by the crosshair.

import { middleOf, nearestSlice, parallel, placeIn, tie } from "./linking.js";

export class Links {
  constructor(viewer) {
    this.viewer = viewer;
    this.chosen = null; // null: as the tie between two series says; else what a person chose
  }

  tieOf(port) {
    return tie(this.viewer.active, port);
  }

  /** Whether a viewport follows the active one. */
  follows(port) {
    const tied = this.tieOf(port);
    return tied.can && (this.chosen ?? tied.on);
  }

  /** Move the viewports that follow one to the same place in the patient. */
  follow(port) {
    this.viewer.activate(port);
    for (const other of this.viewer.ports) if (other !== port) this.align(port, other);
  }

  align(port, other) {
    const [a, b] = [port.cut, other.cut];
    if (!this.follows(other) || !a.affine_lps || !b.affine_lps) return;
    if (!parallel(a.affine_lps, b.affine_lps)) return;
    const k = nearestSlice(b.affine_lps, b.shape, middleOf(a.affine_lps, a.shape, port.k));
    if (k !== null) other.goTo(k);
  }

  /** Tell on each viewport what ties it to the active one. */
  tell() {
    const { active, ports, study } = this.viewer;
    for (const port of ports) {
      const own = port === active || port.series.id === active.series.id;
      if (!own) port.linkWords = this.words(port, this.tieOf(port));
      else port.linkWords = port.study === study ? "" : "prior";
      port.refresh();
    }
    this.viewer.toolbarTools();
  }

  words(port, tied) {
    const { study, prior } = this.viewer;
    const before = port.study === study ? "" : `prior ${prior?.study.date.slice(0, 10)}: `;
    if (tied.can && this.chosen === false) return `${before}not linked`;
    if (tied.can && this.chosen && !tied.on) {
      return `${before}linked by position without registration`;
    }
    return `${before}${tied.says}`;
  }

  toggle() {
    const others = this.viewer.ports.filter((port) => port !== this.viewer.active);
    this.chosen = !others.some((port) => this.follows(port));
    others.forEach((port) => this.align(this.viewer.active, port));
    this.tell();
  }

  /** Put the crosshair at a canvas point; the other cuts go there. */
  cross(port, point) {
    const place = port.mmAt(point);
    if (place) this.crossAt(port, place, { drawn: true });
  }

  /** Take the other cuts through a place in mm. */
  crossAt(port, place, { drawn }) {
    for (const other of this.viewer.ports) {
      if (other !== port && !this.follows(other)) continue;
      if (drawn) other.crosshair = place;
      if (other !== port && other.cut.affine_lps) {
        other.goTo(Math.round(placeIn(other.cut.affine_lps, place).k));
      }
      other.refresh();
    }
  }

  clear() {
    for (const port of this.viewer.ports) port.crosshair = null;
    this.viewer.refresh();
  }
}
