// Which slices of which series were on the screen, so that what was not looked at can be said.

/** Ranges [first, last] of sorted numbers. */
export function ranges(numbers) {
  const found = [];
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const last = found.at(-1);
    if (last && last[1] === number - 1) last[1] = number;
    else found.push([number, number]);
  }
  return found;
}

export class Shown {
  constructor(document_, changed = () => {}) {
    this.series = document_.series;
    this.refused = document_.not_shown;
    this.seen = new Map(this.series.map((series) => [series.id, new Set()]));
    this.changed = changed;
  }

  /** A slice was drawn; only stored slices count, a cut across them shows none of them whole. */
  mark(series, plane, k) {
    const whole = plane === "stored" || plane === series.stored_plane;
    const seen = this.seen.get(series.id);
    if (!seen || !whole || seen.has(k)) return;
    seen.add(k);
    this.changed();
  }

  /** One row per series: how many slices were shown, which were not, and refused ones with why. */
  summary() {
    const looked = this.series.map((series) => {
      const seen = this.seen.get(series.id);
      const missing = [];
      for (let k = 0; k < series.shape[0]; k += 1) if (!seen.has(k)) missing.push(k);
      return {
        series: series.id,
        description: series.description,
        slices: series.shape[0],
        shown: seen.size,
        not_shown: ranges(missing),
      };
    });
    return {
      series: looked,
      refused: this.refused.map(({ id, description, why }) => ({ series: id, description, why })),
    };
  }
}
