// Cards of experts and embedders: what each does, on whom it was measured, on whom it fails.

import { ask } from "./ask.js";
import { counted, fill, make, table } from "./dom.js";

const part = (title, content) => content ? [make("dt", {}, title), make("dd", {}, content)] : [];
const listing = (title, items) =>
  part(title, items?.length ? make("ul", {}, items.map((one) => make("li", {}, one))) : null);

function figures(card) {
  if (!card.figures?.length) return part("Measured", make("span", { class: "wrong" }, "nothing"));
  const number = (value) => String(Number(Number(value).toPrecision(6)));
  const shown = table("Measured", [
    ["What", (one) => one.what],
    ["Value", (one) => `${number(one.value)}${one.unit === "1" ? "" : ` ${one.unit}`}`, "number"],
    ["Interval", (one) => one.interval ? one.interval.map(number).join(" to ") : "–", "number"],
    ["On whom", (one) => one.data, "wide"],
    ["Worst", (one) => one.worst || "–"],
    ["Repeat by", (one) => one.command ? make("code", {}, one.command) : "–"],
  ], card.figures, "");
  return part("Measured", shown);
}

function weights(card) {
  const files = card.verified.weights;
  const sign = card.verified.ok ? "state on" : "state bad";
  return part("Weights", make("div", {},
    make("p", { class: sign }, `${card.verified.reason}${card.verified.ok ? "" : " – reinstall what brought it"}`),
    files.length ? make("ul", {}, files.map((one) =>
      make("li", {}, one.file, " ", make("code", {}, one.sha256)))) : null));
}

function one(card) {
  const kinds = [...card.modalities ?? [], ...card.body_parts ?? []].join(", ");
  const codes = card.codes?.map((code) => `${code.scheme} ${code.code} ${code.meaning}`);
  const cost = card.cost && `${card.cost.seconds} s, ${card.cost.megabytes} MB ${card.cost.on}`;
  return make("details", { class: "card-of" },
    make("summary", {},
      make("strong", {}, card.name), ` ${card.version} `,
      make("span", { class: "quiet" }, `${card.kind}, ${card.status}${kinds ? `, ${kinds}` : ""}`),
      make("span", { class: card.verified.ok ? "state on" : "state bad" },
        card.verified.ok ? card.verified.reason : "weights are not what the card says"),
      make("span", { class: "task" }, card.task)),
    make("dl", {},
      part("Needs", card.needs), listing("Gives", card.outputs),
      listing("Can speak of", card.assesses), figures(card),
      listing("Fails on", card.failures), listing("Refuses", card.refusals),
      part("Calibration", card.calibration), part("Made from", card.training_data),
      weights(card), part("Cost", cost), listing("Codes", codes),
      part("Licence", card.licence), listing("References", card.references)));
}

export async function models(panel) {
  fill(panel, make("p", { class: "quiet" }, "Hashing the weights …"));
  const { models: cards, problems } = await ask("/models");
  const open = (whether) => () => {
    for (const details of panel.querySelectorAll("details")) details.open = whether;
  };
  fill(panel,
    make("div", { class: "head" }, make("h2", {}, "Models and their cards"),
      make("button", { type: "button", onclick: open(true) }, "Open all"),
      make("button", { type: "button", onclick: open(false) }, "Close all")),
    make("p", { class: "quiet" }, `${counted(cards.length, "model")}; weights hashed just now.`),
    problems.map((problem) => make("p", { class: "state bad" },
      `${problem.name} cannot be used: ${problem.reason}`)),
    cards.map(one));
}
