// Health: what works here and what does not, with the mend, and what the home is made of.

import { ask } from "./ask.js";
import { fill, make, moment, size, table } from "./dom.js";

const SIGNS = { works: "state on", absent: "state off", broken: "state bad" };

function facts(pairs) {
  return make("dl", { class: "facts" },
    pairs.flatMap(([title, ...value]) => [make("dt", {}, title), make("dd", {}, ...value)]));
}

function head(known) {
  if (known.problem) return [make("span", { class: "state bad" }, known.problem)];
  return [`event ${known.sequence}, `, moment(known.time), " UTC, by key ",
    make("code", {}, known.key)];
}

export async function health(panel, page) {
  fill(panel, make("p", { class: "quiet" }, "Looking …"));
  const known = await ask("/health");
  const { database, disk, backup } = known;
  const schema = database.revision === database.newest
    ? [make("code", {}, database.revision), ", the newest"]
    : [make("code", {}, database.revision ?? "none"), make("span", { class: "state bad" },
      `this version needs ${database.newest}`)];
  const saved = backup
    ? [moment(backup.time), ` UTC by ${backup.actor}, `,
      make("a", { href: `#audit?before=${backup.sequence + 1}` }, `event ${backup.sequence}`)]
    : [make("span", { class: "state wait" }, "none is known"), " Make one: ",
      make("code", {}, "medmm db backup FILE")];
  fill(panel,
    make("div", { class: "head" }, make("h2", {}, "Health"),
      make("button", { type: "button", onclick: () => page.trying(() => health(panel, page)) },
        "Look again")),
    make("p", { class: known.ok ? "state on" : "state bad" },
      known.ok ? "Everything that is needed works." : "Something that is needed is broken."),
    table("What medmm doctor says", [
      ["What", (one) => one.what],
      ["State", (one) => make("span", { class: SIGNS[one.state] ?? "state bad" }, one.state)],
      ["Told", (one) => one.told, "wide"],
      ["Mend", (one) => one.mend || "–", "wide"],
    ], known.checks, ""),
    make("h3", {}, "The home"),
    facts([
      ["Folder", make("code", {}, known.home)],
      ["Disk", `${size(disk.free)} free of ${size(disk.total)}`],
      ["Database", `${database.kind}, ${size(database.bytes)}`],
      ["Schema", ...schema],
      ["Last backup", ...saved],
      ["Audit sealed", ...head(known.head)],
    ]),
    make("h3", {}, "Versions"),
    facts(Object.entries(known.versions).map(([name, version]) => [name, version])));
}
