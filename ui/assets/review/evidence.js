// What a statement rests on, and what the checks say of it.

import { button, make } from "./dom.js";

const FORMER = "former:";
const UNITS = { "[hnsf'U]": "HU" };
export const RESULTS = {
  pass: { sign: "✓", says: "pass" },
  fail: { sign: "✗", says: "fail" },
  "cannot tell": { sign: "~", says: "cannot tell" },
};
const KINDS = {
  header: "Header",
  order: "Order",
  prior: "Prior study",
  platform: "Platform",
  vlm: "Model's words",
  clinician: "Written by",
};

const plain = (ref) => (ref.startsWith(FORMER) ? ref.slice(FORMER.length) : ref);

/** So many significant digits, and never a power of ten. */
export function digits(value, most = 4) {
  const rounded = Number(value.toPrecision(most));
  return Math.abs(rounded) < 1e-6 && rounded !== 0 ? value.toFixed(8) : String(rounded);
}

/** Ids of the regions that a statement rests on, or rested on before it was edited. */
export function regionsOf(row, report) {
  const found = new Set();
  const measured = new Map(report.measurements.map((one) => [one.id, one]));
  for (const item of row.evidence) {
    const ref = plain(item.ref);
    if (item.kind === "measurement") found.add(measured.get(ref)?.region);
    if (item.kind !== "finding") continue;
    const finding = report.findings.find((one) => one.id === ref);
    finding?.regions.forEach((id) => found.add(id));
    finding?.measurements.forEach((id) => found.add(measured.get(id)?.region));
  }
  const known = new Set(report.regions.map((one) => one.id));
  return [...found].filter((id) => known.has(id));
}

/** All of a statement's evidence; `show(region)` takes the images there. */
export function evidenceList(row, report, show) {
  if (!row.evidence.length) return make("p", { className: "rv-none", text: "It rests on nothing that is recorded." });
  return make("ul", { className: "rv-evidence" }, row.evidence.map((item) => evidence(item, report, show)));
}

function evidence(item, report, show) {
  const former = item.ref.startsWith(FORMER);
  const shapes = { measurement, finding, passage, region: place };
  const body = (shapes[item.kind] ?? other)({ ...item, ref: plain(item.ref) }, report, show);
  const before = former ? make("span", { className: "rv-former", text: "Rested before on: " }) : null;
  return make("li", { className: `rv-item rv-of-${item.kind}` }, before, body);
}

function measurement(item, report, show) {
  const one = report.measurements.find((each) => each.id === item.ref);
  if (!one) return other(item);
  const spread = one.uncertainty
    ? make("span", { text: ` ± ${digits(one.uncertainty.value, 3)} (${one.uncertainty.kind})` })
    : null;
  const value = make("b", { text: `${digits(one.value)} ${UNITS[one.unit] ?? one.unit}` });
  const doubt = one.doubtful ? make("span", { className: "rv-warn", text: " doubtful" }) : null;
  return make("div", {},
    make("div", {}, `${one.name} `, value, spread, doubt),
    make("div", { className: "rv-small", text: `${one.id}, by ${one.expert}: ${one.method ?? ""}` }),
    one.region ? regionButton(one.region, report, show) : make("div", { className: "rv-small", text: "of the whole study" }));
}

function finding(item, report, show) {
  const one = report.findings.find((each) => each.id === item.ref);
  if (!one) return other(item);
  const chance = one.probability === null
    ? ""
    : ` (probability ${digits(one.probability, 3)}, ${one.calibrated ? "calibrated" : "not calibrated"})`;
  const code = `${one.concept.scheme} ${one.concept.code}`;
  return make("div", {},
    make("div", {}, `${one.concept.meaning}: `, make("b", { text: one.presence }), chance),
    make("div", { className: "rv-small", text: `${one.id}, ${code}, by ${one.source}` }),
    one.regions.map((id) => regionButton(id, report, show)));
}

function passage(item, report) {
  const one = report.retrieved.find((each) => each.passage === item.ref);
  const text = one?.text ?? item.text;
  const where = one
    ? [one.document, one.version && `version ${one.version}`, one.place, one.domain].filter(Boolean).join(" · ")
    : item.ref;
  return make("div", {},
    make("blockquote", { className: "rv-quote", text, dir: "auto" }),
    make("div", { className: "rv-small", text: `Word for word from ${where}` }),
    make("div", { className: "rv-small rv-id", text: item.ref }));
}

function place(item, report, show) {
  return make("div", {}, regionButton(item.ref, report, show));
}

function other(item) {
  const kind = KINDS[item.kind] ?? item.kind;
  return make("div", {},
    make("span", { className: "rv-kind", text: `${kind} ` }),
    make("span", { className: "rv-id", text: item.ref }),
    item.text ? make("div", { text: item.text, dir: "auto" }) : null);
}

function regionButton(id, report, show) {
  const region = report.regions.find((one) => one.id === id);
  if (!region) return make("span", { text: id });
  const side = region.laterality && !region.label.includes(region.laterality) ? `, ${region.laterality}` : "";
  return button(`Show ${region.label}${side}`, () => show(id), { className: "rv-jump" });
}

/** Checks as a list, worst first; `live` ones are of words that are not saved. */
export function checkList(checks, { live = false } = {}) {
  if (!checks.length) return make("p", { className: "rv-none", text: "No check has said anything." });
  const rank = ["fail", "cannot tell", "pass"];
  const sorted = [...checks].sort((a, b) => rank.indexOf(a.result) - rank.indexOf(b.result));
  return make("ul", { className: "rv-checks" }, sorted.map((one) => {
    const { sign, says } = RESULTS[one.result];
    return make("li", { className: `rv-check rv-is-${says.replace(" ", "-")}` },
      make("span", { className: "rv-mark", text: sign, "aria-hidden": "true" }),
      make("span", {}, make("b", { text: `${one.check}: ${says}` }), one.reason ? ` ${one.reason}` : "",
        live ? make("span", { className: "rv-small", text: " (not saved)" }) : null));
  }));
}
