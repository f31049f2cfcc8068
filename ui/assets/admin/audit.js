// The audit log: newest first, by filters, page by page; its proof; its download.

import { ask, prefix, query } from "./ask.js";
import { choice, counted, field, fill, make, moment, table } from "./dom.js";

const EVERY_MS = 1000;
const NAMES = ["actor", "action", "thing", "outcome", "since", "until"];
const TIME = "2026-11-25 14:30";
const SIGNS = { ok: "state on", denied: "state wait", failed: "state bad" };
let asking = null; // the one timer that asks how far the proof is

function detail(event) {
  const pairs = Object.entries(event.detail).map(([key, value]) => [key, String(value)]);
  const short = pairs.map(([key, value]) => {
    const cut = value.length > 24 ? `${value.slice(0, 16)}…` : value;
    return `${key} ${cut}`;
  }).join(", ");
  const whole = [...pairs, ["version of medmm", event.version], ["hash", event.hash],
    ["hash before", event.previous]];
  return make("details", {},
    make("summary", {}, short || make("span", { class: "quiet" }, "more")),
    make("dl", { class: "facts" }, whole.map(([key, value]) =>
      [make("dt", {}, key), make("dd", {}, make("code", {}, value))]).flat()));
}

function list(caption, events) {
  return table(caption, [
    ["Number", (event) => String(event.sequence), "number"],
    ["Time", (event) => moment(event.time), "time"],
    ["Who", (event) => make("span", { dir: "auto" }, event.actor), "name"],
    ["Role", (event) => event.role || "–"],
    ["Action", (event) => event.action.replaceAll("_", " ")],
    ["Thing", (event) => event.thing || "–", "name"],
    ["Outcome", (event) => make("span", { class: SIGNS[event.outcome] ?? "state bad" },
      event.outcome)],
    ["From", (event) => event.origin || "–", "name"],
    ["Detail", detail, "wide"],
  ], events, "");
}

function proved(answer) {
  if (answer.running) {
    return make("p", { class: "state wait" },
      `Looking at ${answer.step || "everything"}, for ${Math.round(answer.seconds)} s …`);
  }
  if (answer.error) return make("p", { class: "state bad" }, answer.error);
  const result = answer.result;
  if (!result) return null;
  const when = ["Verified ", moment(result.ended), ` in ${result.seconds} s: `];
  const head = result.head.problem ? "" : `, sealed up to ${result.head.sequence}`;
  if (result.ok) {
    return make("p", { class: "state on" }, ...when,
      `all ${counted(result.events, "event")} are as they were recorded${head}.`);
  }
  const problems = [...result.chain, ...result.others];
  return make("div", {},
    make("p", { class: "state bad" }, ...when,
      `${counted(problems.length, "thing")} ${problems.length === 1 ? "is" : "are"} wrong:`),
    make("ul", { class: "problems" }, problems.map((one) => make("li", {}, one))));
}

export async function audit(panel, page, state) {
  const given = Object.fromEntries(NAMES.map((name) => [name, state[name] ?? ""]));
  const before = state.before ?? "";
  const { turn } = page;
  const answer = await ask(`/audit${query({ ...given, before })}`);
  if (turn !== page.turn) return;
  const filtered = NAMES.some((name) => given[name]);
  const text = (name, more = {}) => make("input", { name, value: given[name], maxlength: "200",
    spellcheck: "false", ...more });
  const named = (name, options) =>
    Object.assign(choice([["", "all"], ...options], given[name]), { name });

  const form = make("form", { class: "bar-form", "aria-label": "Filters" },
    field("Who", text("actor", { autocapitalize: "none" })),
    field("Action", named("action", answer.actions.map((one) => [one, one.replaceAll("_", " ")]))),
    field("Thing", text("thing", { placeholder: "report:3, or report" })),
    field("Outcome", named("outcome", answer.outcomes.map((one) => [one, one]))),
    field("From (UTC)", text("since", { placeholder: TIME })),
    field("To (UTC)", text("until", { placeholder: TIME })),
    make("button", { type: "submit" }, "Show"),
    filtered ? make("a", { href: "#audit" }, "All") : null);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const wanted = [...new FormData(form)].map(([key, value]) => [key, value.trim()]);
    const some = wanted.filter(([, value]) => value);
    page.go("audit", some.length ? Object.fromEntries(some) : undefined);
  });

  const proof = make("div", { class: "proof", role: "status" });
  const verify = make("button", { type: "button" }, "Verify now");
  async function follow() {
    clearTimeout(asking);
    const now = await ask("/audit/verify", { background: true }).catch(() => null);
    if (!now || !proof.isConnected) return;
    verify.disabled = now.running;
    const part = proved(now);
    if (proof.textContent !== (part?.textContent ?? "")) fill(proof, part);
    if (now.running) asking = setTimeout(follow, EVERY_MS);
  }
  verify.addEventListener("click", async () => {
    const begun = await page.trying(() => ask("/audit/verify", { method: "POST" }));
    if (begun) await follow();
  });

  const first = answer.events[0]?.sequence;
  const last = answer.events.at(-1)?.sequence;
  const events = answer.events.length
    ? list(`Events ${first} to ${last} of ${answer.last}, newest first; times in UTC`, answer.events)
    : make("p", { class: "quiet" }, filtered
      ? `No such event among those down to ${answer.looked_to}.` : "No events.");
  const older = answer.older === null ? null : make("a", { class: "button",
    href: `#audit?${new URLSearchParams({ ...some(given), before: answer.older })}` },
    answer.events.length ? "Older" : "Look further back");
  fill(panel,
    make("div", { class: "head" }, make("h2", {}, "Audit"), verify,
      make("a", { class: "button", href: `${prefix}/api/admin/audit/lines${query(given)}`,
        download: "" }, filtered ? "Download these" : "Download all")),
    proof, form, events,
    make("nav", { class: "pages", "aria-label": "Pages of events" },
      before ? make("a", { class: "button",
        href: `#audit?${new URLSearchParams(some(given))}` }, "Newest") : null,
      older));
  await follow();
}

function some(values) {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value));
}
