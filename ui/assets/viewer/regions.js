// From a report to its places and back: show a region or a statement, say which region was clicked.

import { toMm } from "./geometry.js";

function boxSize(region) {
  if (!region.box) return Infinity;
  const [x0, y0, x1, y1] = region.box;
  return (x1 - x0) * (y1 - y0);
}

export class Regions {
  constructor(viewer) {
    this.viewer = viewer;
  }

  /** Go to a region's largest slice and outline it. */
  async show(id) {
    const { viewer } = this;
    const { masks } = viewer;
    const region = masks.region(id);
    const series = viewer.document.series.find((one) => one.id === region?.series);
    if (!series) return false;
    masks.all = true;
    masks.toggle(id, true);
    masks.select(id);
    const place = region.slice === null ? await masks.where(id) : null;
    const k = region.slice ?? place?.largest ?? 0;
    const port = this.portFor(series);
    viewer.activate(port);
    viewer.links.clear();
    port.goTo(k);
    if (region.box && port.cut.affine_lps) this.cutThrough(port, region, k);
    else viewer.links.follow(port);
    viewer.panel.regions();
    viewer.toolbarTools();
    viewer.refresh();
    return true;
  }

  /** The viewport that shows the series' own slices, else the active one is given to it. */
  portFor(series) {
    const { viewer } = this;
    const there = viewer.ports.find(
      (one) =>
        one.study === viewer.study && one.series.id === series.id && one.plane === "stored",
    );
    if (!there) viewer.openSeries(series);
    return there ?? viewer.active;
  }

  /** The other cuts go through the middle of the region's box. */
  cutThrough(port, region, k) {
    const [x0, y0, x1, y1] = region.box;
    const middle = [k, (y0 + y1 - 1) / 2, (x0 + x1 - 1) / 2];
    this.viewer.links.crossAt(port, toMm(port.cut.affine_lps, middle), { drawn: false });
  }

  /** Show the first region that a statement rests on; false where it rests on none. */
  async showStatement(id) {
    const cited = this.viewer.document.regions.filter((region) => region.statements.includes(id));
    // The smallest of several says most: a nodule rather than the lung that it is in.
    const [smallest] = cited.sort((a, b) => boxSize(a) - boxSize(b));
    return smallest ? this.show(smallest.id) : false;
  }

  /** Select the smallest region under a canvas point and say so; none is selected elsewhere. */
  click(port, point) {
    const { viewer } = this;
    const { masks } = viewer;
    const place = port.pixelAt(point);
    if (!place || port.study !== viewer.study) return;
    const { series, plane, shownK, cut } = port;
    const [chosen] = masks
      .under(series.id, plane, shownK, cut.shape, place.row, place.column)
      .sort((a, b) => boxSize(masks.region(a)) - boxSize(masks.region(b)));
    masks.select(chosen ?? null);
    viewer.panel.regions();
    viewer.refresh();
    if (chosen) viewer.emit("region", { id: chosen, statements: masks.region(chosen).statements });
  }

  toggle(id, on) {
    this.viewer.masks.toggle(id, on);
    this.viewer.refresh();
  }

  setOpacity(value) {
    this.viewer.masks.setOpacity(value);
    this.viewer.refresh();
  }
}
