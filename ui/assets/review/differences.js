// What became of each statement between two versions, words marked by sign as well as colour.

import { dialog } from "./dialogs.js";
import { count, field, make } from "./dom.js";
import { marked } from "./words.js";

const MARKS = { kept: " ", changed: "~", moved: ">", new: "+", deleted: "−" };

/** Rows {kind, section, before, after, runs} as a list under sections. */
export function differenceList(rows) {
  const changed = rows.filter((row) => row.kind !== "kept");
  const parts = [make("p", { text: told(rows, changed) })];
  let section = null;
  let list = null;
  for (const row of rows) {
    if (row.section !== section) {
      section = row.section;
      list = make("ul", { className: "rv-diff" });
      parts.push(make("h3", { text: section }), list);
    }
    const moved = row.moved_from ? ` (from ${row.moved_from})` : "";
    list.append(make("li", { className: `rv-d rv-d-${row.kind}` },
      make("span", { className: "rv-mark", text: MARKS[row.kind], "aria-hidden": "true" }),
      make("span", {}, make("span", { className: "rv-hidden", text: `${row.kind}${moved}: ` }), marked(row.runs), moved)));
  }
  return make("div", { className: "rv-differences" }, parts);
}

function told(rows, changed) {
  if (!changed.length) return `Nothing differs; ${count(rows.length, "statement")}.`;
  const counts = ["changed", "moved", "new", "deleted"]
    .map((kind) => [kind, changed.filter((row) => row.kind === kind).length])
    .filter(([, number]) => number)
    .map(([kind, number]) => `${number} ${kind}`);
  return `${counts.join(", ")}; ${count(rows.length - changed.length, "statement")} kept.`;
}

/** Two choosers and what they show, in an element; `last` is the number of the latest version. */
export function differenceChooser(api, report, last) {
  const choose = (number) => {
    const list = make("select", {});
    for (let one = 1; one <= last; one += 1) {
      const text = one === 1 ? "1 (the machine's draft)" : String(one);
      list.append(make("option", { value: String(one), text, selected: one === number }));
    }
    return list;
  };
  const [before, after] = [choose(1), choose(last)];
  const shown = make("div", { "aria-live": "polite" });
  const load = async () => {
    const asked = `before=${before.value}&after=${after.value}`;
    try {
      const told = await api.get(`/api/reports/${report}/differences?${asked}`);
      shown.replaceChildren(differenceList(told.differences));
    } catch (error) {
      shown.replaceChildren(make("p", { className: "rv-wrong", text: error.sentence }));
    }
  };
  before.addEventListener("change", load);
  after.addEventListener("change", load);
  load();
  return make("div", { className: "rv-chooser" },
    make("div", { className: "rv-row" }, field("From version", before), field("to version", after)), shown);
}

export function showDifferences(api, report, last) {
  const shown = dialog("What was changed", differenceChooser(api, report, last));
  shown.element.classList.add("rv-wide");
  shown.element.append(make("form", { method: "dialog", className: "rv-buttons" },
    make("button", { type: "submit", text: "Close" })));
  return shown;
}
