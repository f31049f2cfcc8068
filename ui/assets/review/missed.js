// What was not looked at: by machines, which say why, and by the person, as far as was on screen.

import { count, make } from "./dom.js";

/** Ranges [first, last] of slices that were shown, by series, from the viewer's summary. */
export function shownRanges(summary) {
  return Object.fromEntries(summary.series.map((one) => {
    const ranges = [];
    let next = 0;
    for (const [first, last] of [...one.not_shown, [one.slices, one.slices]]) {
      if (first > next) ranges.push([next, first - 1]);
      next = last + 1;
    }
    return [String(one.series), ranges];
  }));
}

/** Ranges of slices that neither list has. */
export function unseen(slices, ...lists) {
  const seen = new Uint8Array(slices);
  for (const [first, last] of lists.flat()) seen.fill(1, first, last + 1);
  const left = [];
  seen.forEach((one, k) => {
    if (one) return;
    if (left.at(-1)?.[1] === k - 1) left.at(-1)[1] = k;
    else left.push([k, k]);
  });
  return left;
}

const told = (ranges) => ranges.map(([a, b]) => (a === b ? `${a + 1}` : `${a + 1}–${b + 1}`)).join(", ");

export class Missed {
  constructor(host) {
    this.host = host;
    this.body = make("div", {});
    this.head = make("summary", { text: "Not looked at" });
    host.append(make("details", { className: "rv-part", open: true }, this.head, this.body));
  }

  /** `viewer` is null where no image can be shown. */
  show(report, viewer) {
    const now = viewer ? viewer.looked() : { series: [], refused: [] };
    const parts = [this.slices(report, now), refused(now.refused), experts(report), notAssessed(report)];
    const there = parts.filter(Boolean);
    this.body.replaceChildren(...(there.length ? there : [make("p", { text: "Nothing is known to be left out." })]));
  }

  slices(report, now) {
    const ranges = shownRanges(now);
    let missing = 0;
    const rows = now.series.map((one) => {
      const left = unseen(one.slices, ranges[one.series], report.looked[one.series] ?? []);
      const number = left.reduce((sum, [a, b]) => sum + b - a + 1, 0);
      missing += number;
      if (!number) return null;
      const name = one.description || `Series ${one.series}`;
      return make("li", {}, `${name}: ${number} of ${count(one.slices, "slice")} never shown to you `,
        make("span", { className: "rv-small", text: `(${told(left.slice(0, 8))}${left.length > 8 ? ", …" : ""})` }));
    }).filter(Boolean);
    this.missing = missing;
    this.head.textContent = missing ? `Not looked at: ${count(missing, "slice")}` : "Not looked at";
    return rows.length ? group("Slices", rows) : null;
  }
}

function group(title, rows) {
  return make("div", {}, make("h4", { text: title }), make("ul", { className: "rv-missed" }, rows));
}

function refused(series) {
  if (!series.length) return null;
  return group("Series that were refused", series.map((one) =>
    make("li", { className: "rv-warn", text: `${one.description || `Series ${one.series}`}: ${one.why}`, dir: "auto" })));
}

function experts(report) {
  const silent = report.experts.filter((one) => one.status !== "ran");
  if (!silent.length) return null;
  return group("Experts that did not measure", silent.map((one) =>
    make("li", { className: one.status === "failed" ? "rv-warn" : "", text: `${one.name} ${one.version} ${one.status}: ${one.reason}`, dir: "auto" })));
}

function notAssessed(report) {
  const rows = report.sections.flatMap((section) => section.statements)
    .filter((one) => one.evidence.some((item) => item.kind === "platform" && item.ref.endsWith("assessed")));
  const warned = report.warnings.map((text) => make("li", { className: "rv-warn", text, dir: "auto" }));
  const said = rows.map((one) => make("li", { text: one.text, dir: "auto" }));
  return said.length || warned.length ? group("Not assessed", [...said, ...warned]) : null;
}
