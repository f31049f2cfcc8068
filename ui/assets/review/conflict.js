// Two texts of one report side by side: for each statement that differs a choice; nothing is lost.

import { dialog } from "./dialogs.js";
import { button, count, make, newId } from "./dom.js";
import { marked, wordRuns } from "./words.js";
import { rowsOf } from "./working.js";

const keyOf = (row) => row.id ?? row.key;

/** What is to be chosen: {key, section, base, mine, theirs, chosen} with texts, null where gone. */
export function choices(base, mine, theirs) {
  const was = new Map(base.map((row) => [row.id, row.line]));
  const own = new Map(mine.map((row) => [row.key, row]));
  const other = new Map(theirs.map((row) => [keyOf(row), row]));
  const keys = [...new Set([...theirs.map(keyOf), ...mine.map((row) => row.key), ...was.keys()])];
  return keys.map((key) => {
    const [b, m, t] = [was.get(key) ?? null, own.get(key)?.now ?? null, other.get(key)?.line ?? null];
    const section = (other.get(key) ?? own.get(key) ?? base.find((row) => row.id === key)).section;
    return { key, section, base: b, mine: m, theirs: t, chosen: preset(b, m, t) };
  });
}

/** Where only one side did something, that; where both did, a person has to say. */
function preset(base, mine, theirs) {
  if (mine === theirs) return "same";
  if (mine === base) return "theirs";
  if (theirs === base) return "mine";
  return null;
}

/** The rows that choices lead to, as `Working.restore` takes them: {id, text} | {key, section, text}. */
export function chosenRows(found, mine, theirs) {
  const by = new Map(found.map((one) => [one.key, one]));
  const rows = [];
  const fresh = (one) => ({ key: one.key, section: one.section, text: one.mine });
  for (const row of theirs) {
    const one = by.get(keyOf(row));
    if (one.chosen === "mine" && one.mine === null) continue;
    const text = one.chosen === "mine" ? one.mine : row.line;
    rows.push(row.id ? { id: row.id, text } : { key: row.key, section: row.section, text });
    if (one.chosen === "both" && one.mine !== null) rows.push(fresh(one));
  }
  // What only this side has goes after the statement that it stood after.
  mine.forEach((row, at) => {
    const one = by.get(row.key);
    if (one.theirs !== null || one.mine === null || one.chosen === "theirs") return;
    const before = mine.slice(0, at).map((each) => each.key).reverse();
    const near = before.find((key) => rows.some((each) => keyOf(each) === key));
    const place = rows.findIndex((each) => keyOf(each) === near);
    const first = rows.findIndex((each) => sectionOf(each, by) === row.section);
    rows.splice(place >= 0 ? place + 1 : Math.max(0, first), 0, fresh(one));
  });
  return rows;
}

const sectionOf = (row, by) => row.section ?? by.get(row.id)?.section;

/**
 * Show both texts; gives the chosen rows, or null for "later". `texts` is {base, theirs, whose}:
 * two versions and in words whose the other text is.
 */
export async function settle({ mine, texts }) {
  const theirs = texts.rows ?? rowsOf(texts.theirs);
  const found = choices(rowsOf(texts.base), mine, theirs);
  const differing = found.filter((one) => one.chosen !== "same");
  const wrong = make("p", { className: "rv-wrong", role: "alert" });
  const list = make("div", { className: "rv-conflict" },
    make("div", { className: "rv-side rv-headings", "aria-hidden": "true" }, make("b", { text: "Yours" }), make("b", { text: texts.whose })),
    differing.map((one) => choiceRow(one, texts.whose)));
  const shown = dialog("Two texts of this report",
    make("p", { text: `Yours and ${texts.whose} differ in ${count(differing.length, "statement")}; ${count(found.length - differing.length, "other")} are the same in both. Words that were put in are marked +, words that were taken out −, against version ${texts.base.version}.` }),
    list, wrong);
  shown.element.classList.add("rv-wide");
  let made = null;
  const go = button("Go on with what is chosen", () => {
    const open = differing.filter((one) => one.chosen === null);
    if (open.length) {
      wrong.textContent = `Choose for ${count(open.length, "statement")} more.`;
      list.querySelector(`[data-choice="${CSS.escape(open[0].key)}"] input`)?.focus();
      return;
    }
    made = chosenRows(found, mine, theirs);
    shown.close();
  }, { className: "rv-main" });
  shown.element.append(make("div", { className: "rv-buttons" }, go, button("Later: my text stays as it is", () => shown.close())));
  await shown.done;
  return made;
}

function choiceRow(one, whose) {
  const name = newId("choice");
  const option = (value, label, text) => {
    const input = make("input", {
      type: "radio", name, value, checked: one.chosen === value,
      on: { change: () => { one.chosen = value; } },
    });
    const words = text === undefined ? null : side(one.base, text);
    return make("label", { className: "rv-option" }, make("span", {}, input, ` ${label}`), words);
  };
  const both = one.mine !== null && one.theirs !== null
    ? make("div", { className: "rv-both" }, option("both", "Both, one after the other"))
    : null;
  return make("fieldset", { className: "rv-choice", "data-choice": one.key },
    make("legend", { text: one.base === null ? `${one.section}, new` : `${one.section}, ${one.key}` }),
    make("div", { className: "rv-side" }, option("mine", "Yours", one.mine), option("theirs", whose, one.theirs)), both);
}

function side(base, text) {
  if (text === null) {
    return make("span", { className: "rv-gone", text: base === null ? "(not there)" : "− deleted" });
  }
  return marked(wordRuns(base ?? "", text));
}
