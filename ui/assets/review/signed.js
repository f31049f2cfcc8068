// What stands above a report: that a machine drafted it, or who signed it; and its addenda.

import { make, moment } from "./dom.js";

const BANNER = "DRAFT BY A MACHINE - not signed, not a medical device. A clinician decides.";
const WORDS = {
  preliminary: "PRELIMINARY - handed on by a person, drafted by a machine, not signed.",
  cancelled: "CANCELLED - given up, never signed.",
};

export function banner(report) {
  if (report.signatures.length) {
    return make("div", { className: "rv-banner rv-signed", role: "note" }, report.signatures.map(signature));
  }
  const text = WORDS[report.status] ?? BANNER;
  return make("div", { className: "rv-banner", role: "note", text: `⚠ ${text}` });
}

function signature(one) {
  return make("div", {},
    make("div", {}, "● Signed by ", make("b", { text: one.signer_name }), ` (${one.role}), `, moment(one.time)),
    make("div", { text: one.meaning, dir: "auto" }),
    make("div", { className: "rv-hash", text: `version ${one.version}, SHA-256 ${one.document_sha256}` }));
}

export function addenda(report) {
  if (!report.addenda.length) return null;
  return make("section", { className: "rv-section", "aria-label": "Addenda" }, make("h3", { text: "Addenda" }),
    report.addenda.map((one) => make("div", { className: "rv-addendum" },
      make("p", { className: "rv-addendum-text", text: one.text, dir: "auto" }),
      make("p", { className: "rv-small" }, `${one.author_name} (${one.role}), `, moment(one.time), `: ${one.meaning}`))));
}
