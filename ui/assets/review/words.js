// What words differ between two texts, as medmm.records.differences says it on the server.

import { make } from "./dom.js";

const TOKEN = /\s+|\d+(?:[.,]\d+)+|[\p{L}\p{N}]+|[^\p{L}\p{N}\s]/gu;
const MOST = 1000;

/** Runs {kind: kept|deleted|inserted, text} that lead from one text to the other. */
export function wordRuns(before, after) {
  if (before === after) return after ? [{ kind: "kept", text: after }] : [];
  const [old, now] = [before.match(TOKEN) ?? [], after.match(TOKEN) ?? []];
  if (old.length > MOST || now.length > MOST) {
    return [{ kind: "deleted", text: before }, { kind: "inserted", text: after }];
  }
  const same = longestTails(old, now);
  const runs = [];
  const add = (kind, text) => {
    const last = runs.at(-1);
    if (last?.kind === kind) last.text += text;
    else runs.push({ kind, text });
  };
  let [i, j] = [0, 0];
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      add("kept", now[j]);
      i += 1;
      j += 1;
    } else if (j >= now.length || (i < old.length && same[i + 1][j] >= same[i][j + 1])) {
      add("deleted", old[i]);
      i += 1;
    } else {
      add("inserted", now[j]);
      j += 1;
    }
  }
  return runs;
}

/** For each pair of places the length of the longest common row of words from there on. */
function longestTails(old, now) {
  const rows = Array.from({ length: old.length + 1 }, () => new Uint16Array(now.length + 1));
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = now.length - 1; j >= 0; j -= 1) {
      rows[i][j] = old[i] === now[j]
        ? rows[i + 1][j + 1] + 1
        : Math.max(rows[i + 1][j], rows[i][j + 1]);
    }
  }
  return rows;
}

/** Runs in which spaces and signs between two changes belong to the change, so that it reads well. */
export function tidied(runs) {
  const made = [];
  let gone = "";
  let come = "";
  const flush = () => {
    if (gone) made.push({ kind: "deleted", text: gone });
    if (come) made.push({ kind: "inserted", text: come });
    gone = "";
    come = "";
  };
  runs.forEach((run, at) => {
    const between = at > 0 && at < runs.length - 1 && !/[\p{L}\p{N}]/u.test(run.text);
    if (run.kind === "kept" && !between) {
      flush();
      made.push(run);
      return;
    }
    if (run.kind !== "inserted") gone += run.text;
    if (run.kind !== "deleted") come += run.text;
  });
  flush();
  return made;
}

const TAGS = { kept: "span", deleted: "del", inserted: "ins" };

/** Runs as elements; deleted and inserted words bear a sign, not a colour alone. */
export function marked(runs) {
  return make("span", { className: "rv-words", dir: "auto" },
    tidied(runs).map((run) => make(TAGS[run.kind], { text: run.text })));
}
