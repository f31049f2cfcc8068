// What can be done with a whole report, as buttons: only what this user may do now.

import { form } from "./dialogs.js";
import { button, field, make } from "./dom.js";

const FORMS = [["pdf", "PDF"], ["text", "Text"], ["json", "JSON"], ["fhir", "FHIR"], ["dicom-pdf", "DICOM PDF"]];

/** Buttons for a report; `desk` does what they say. */
export function stepButtons(desk) {
  const { rights } = desk.report;
  const save = button("Save version", () => desk.save(), { className: "rv-main rv-save", title: "ctrl+s" });
  const may = (right, ...made) => (rights[right] ? made : []);
  return make("div", { className: "rv-steps", role: "toolbar", "aria-label": "Report" },
    ...may("edit", save, button("Undo", () => desk.undo(), { title: "ctrl+z", className: "rv-undo" })),
    button("Changes", () => desk.changes()),
    ...may("hand_on", button("Hand on", () => handOn(desk))),
    ...may("sign", button("Sign…", () => desk.sign(), { title: "ctrl+shift+enter", className: "rv-sign-button" })),
    ...may("addend", button("Addendum…", () => desk.addend())),
    ...may("cancel", button("Cancel report…", () => cancel(desk))),
    ...may("export", exports(desk)),
    make("a", { className: "rv-link", href: desk.api.url(`/report/${desk.report.id}`), text: "History" }));
}

function exports(desk) {
  const links = FORMS.map(([name, says]) => make("a", {
    href: desk.api.url(`/api/reports/${desk.report.id}/exports/${name}`), download: "", text: says,
  }));
  return make("details", { className: "rv-menu" }, make("summary", { text: "Export" }), make("div", { className: "rv-menu-list" }, links));
}

function handOn(desk) {
  const why = make("input", { maxlength: "2000" });
  form("Hand this report on", {
    parts: [make("p", { text: "It becomes preliminary; a signer then signs it." }), field("Note (may be empty)", why)],
    says: "Hand on",
    submit: () => desk.move("hand-on", why.value),
  });
}

function cancel(desk) {
  const why = make("input", { maxlength: "2000", required: true });
  form("Give this report up", {
    parts: [make("p", { text: "It stays readable and can never be signed; the study can be drafted anew." }), field("Reason", why)],
    says: "Cancel the report",
    danger: true,
    submit: () => desk.move("cancel", why.value),
  });
  why.focus();
}
