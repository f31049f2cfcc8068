// Knowledge: what drafts may quote, and why a search keeps a passage or not.

import { ask, query } from "./ask.js";
import { question } from "./dialog.js";
import { choice, counted, field, fill, make, moment, size, table } from "./dom.js";

function found(answer) {
  const where = answer.domains.map((one) =>
    `${one.domain} ${one.confidence}${one.searched ? " (searched)" : ""}`).join(", ");
  const rule = answer.rule;
  const kept = answer.passages.filter((one) => one.kept).length;
  return make("div", { class: "found" },
    make("p", {}, kept
      ? `${counted(kept, "passage")} of ${counted(answer.passages.length, "candidate")} kept.`
      : "Nothing was good enough to be quoted."),
    make("dl", { class: "facts" },
      make("dt", {}, "Also searched"), make("dd", {}, answer.also.join(", ") || "–"),
      make("dt", {}, "Domains"), make("dd", {}, where || "–"),
      make("dt", {}, "Cut"), make("dd", {},
        `score at least ${rule.minimum}, gap ${rule.gap ?? "none"}; ${rule.bound}`)),
    table("Candidates, best first", [
      ["Passage", (one) => one.passage],
      ["Kept", (one) => make("span", { class: one.kept ? "state on" : "state off" },
        one.kept ? "kept" : "not kept")],
      ["Why", (one) => one.why, "name"],
      ["Score", (one) => one.score.toFixed(3), "number"],
      ["Cosine", (one) => one.cosine.toFixed(3), "number"],
      ["Words", (one) => one.words.toFixed(3), "number"],
      ["Document", (one) => [one.document, `version ${one.version}`, one.place].filter(Boolean).join(", ")],
      ["Text", (one) => make("p", { class: "passage", dir: "auto" }, one.text), "wide"],
    ], answer.passages, "No candidates."));
}

export async function knowledge(panel, page) {
  const { documents, domains, most_bytes: most } = await ask("/knowledge");
  const again = () => knowledge(panel, page);
  const known = [...new Set([...domains, ...documents.map((one) => one.domain)])].sort();

  async function add() {
    const file = make("input", { type: "file", name: "file", required: true,
      accept: ".md,.markdown,.txt,.html,.htm,.pdf,.docx" });
    const list = make("datalist", { id: "domains" },
      known.map((one) => make("option", { value: one })));
    const text = (name, more = {}) => make("input", { name, maxlength: "200", ...more });
    const done = await question("Add a document", {
      text: `Markdown, text, HTML, PDF or Word, up to ${size(most)}. One of the same name and`
        + " domain replaces its earlier version.",
      fields: [field("File", file),
        field("Domain", text("domain", { list: "domains", required: true, maxlength: "40" })), list,
        field("Version", text("version"), "Empty: it is counted."),
        field("Licence", text("licence"), "Under which it may be quoted.")],
      button: "Add",
    }, async ({ file: given, domain, version, licence }) => {
      if (given.size > most) throw new Error(`The file is larger than ${size(most)}.`);
      const about = query({ name: given.name, domain, version, licence });
      return ask(`/knowledge/upload${about}`, { method: "POST", raw: given });
    });
    if (!done) return;
    await again();
    const barred = done.not_quoted ? `; ${done.not_quoted} of them are never quoted` : "";
    page.say(`${done.title}: ${done.outcome}, ${counted(done.passages, "passage")}${barred}.`);
  }

  async function remove(one) {
    const done = await question("Remove this document?", {
      text: `${one.title}, with all its versions and passages. Reports keep what they quoted.`,
      button: "Remove", danger: true,
    }, () => ask(`/knowledge/${one.document}`, { method: "DELETE" }));
    if (!done) return;
    await again();
    page.say(`Removed with ${counted(done.passages, "passage")}.`);
  }

  async function barred(one, cell) {
    const answer = await page.trying(() => ask(`/knowledge/${one.document}/not-quoted`));
    if (!answer) return;
    fill(cell, answer.passages.length
      ? make("ul", {}, answer.passages.map((passage) => make("li", {},
        `${passage.passage}, ${passage.why}: `, make("q", { dir: "auto" }, passage.text))))
      : "none");
  }

  const shown = make("div");
  const earlier = make("input", { type: "checkbox", id: "earlier" });
  const results = make("div", { "aria-live": "polite" });
  const search = make("form", { class: "bar-form", role: "search" },
    field("Search", make("input", { name: "text", maxlength: "500", required: true,
      placeholder: "A question or some words" })),
    field("Domain", Object.assign(choice([["", "as the words tell"],
      ...known.map((one) => [one, one])]), { name: "domain" })),
    field("Keep at most", make("input", { name: "most", type: "number", min: "1", max: "20",
      value: "3" })),
    make("button", { type: "submit" }, "Search"));
  search.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { text, domain, most: kept } = Object.fromEntries(new FormData(search));
    fill(results, make("p", { class: "quiet" }, "Searching …"));
    const answer = await page.trying(() => ask("/knowledge/search",
      { method: "POST", data: { text, domain, most: Number(kept) } }));
    fill(results, answer ? found(answer) : null);
  });

  function list() {
    const rows = documents.filter((one) => earlier.checked || !one.superseded);
    fill(shown, table(`${counted(rows.length, "document")}; times in UTC`, [
      ["Title", (one) => make("span", { dir: "auto" }, one.title || "–"), "wide"],
      ["Domain", (one) => one.domain],
      ["Version", (one) => one.version],
      ["State", (one) => one.superseded
        ? make("span", {}, make("span", { class: "state off" }, "superseded"), " ",
          moment(one.superseded))
        : make("span", { class: "state on" }, "current")],
      ["Licence", (one) => one.licence || "–"],
      ["Passages", (one) => String(one.passages), "number"],
      ["Never quoted", (one) => {
        const cell = make("span");
        cell.append(make("button", { type: "button", class: "link",
          "aria-label": `Passages of ${one.title} that are never quoted`,
          onclick: () => barred(one, cell) }, "Look"));
        return cell;
      }],
      ["Added", (one) => make("span", {}, moment(one.added),
        one.origin !== "starter" && one.added_by ? ` by ${one.added_by}` : ""), "time"],
      ["From", (one) => one.origin === "starter" ? "starter cards" : one.source],
      ["", (one) => one.superseded ? null : make("button", { type: "button", class: "link",
        "aria-label": `Remove ${one.title}`, onclick: () => remove(one) }, "Remove")],
    ], rows, "No documents."));
  }
  earlier.addEventListener("change", list);
  list();
  fill(panel,
    make("div", { class: "head" }, make("h2", {}, "Knowledge"),
      make("button", { type: "button", class: "main", onclick: add }, "Add a document")),
    search, results,
    make("p", { class: "check" }, earlier, make("label", { for: "earlier" }, "Earlier versions, too")),
    shown);
}
