// Slices from the server: several in flight, the wanted ones first, kept up to a limit in bytes.

const TYPES = {
  int8: Int8Array, uint8: Uint8Array, int16: Int16Array, uint16: Uint16Array,
  int32: Int32Array, uint32: Uint32Array, float32: Float32Array, float64: Float64Array,
};

/** Things by key, the longest unused dropped when all of them are larger than the limit. */
export class ByteCache {
  constructor(limit) {
    this.limit = limit;
    this.bytes = 0;
    this.held = new Map();
  }

  get(key) {
    const found = this.held.get(key);
    if (found === undefined) return undefined;
    this.held.delete(key);
    this.held.set(key, found);
    return found.thing;
  }

  has(key) {
    return this.held.has(key);
  }

  put(key, thing, bytes) {
    if (this.held.has(key)) return;
    this.held.set(key, { thing, bytes });
    this.bytes += bytes;
    for (const [oldest, kept] of this.held) {
      if (this.bytes <= this.limit || this.held.size === 1) break;
      this.held.delete(oldest);
      this.bytes -= kept.bytes;
    }
  }
}

/** What an answer's bytes are, by its headers. */
export async function readSlice(answer) {
  const type = answer.headers.get("Pixel-Type");
  const slice = {
    type,
    rows: Number(answer.headers.get("Pixel-Rows")),
    columns: Number(answer.headers.get("Pixel-Columns")),
    samples: Number(answer.headers.get("Pixel-Samples")),
  };
  if (type === "jpeg") {
    const picture = await createImageBitmap(await answer.blob());
    return { ...slice, picture, bytes: slice.rows * slice.columns * 4 };
  }
  const values = new TYPES[type](await answer.arrayBuffer());
  return { ...slice, values, bytes: values.byteLength };
}

/** A queue of requests: `want` says what is needed now, in order; what is no longer needed goes. */
export class SliceSource {
  constructor({ limit = 384 * 1024 * 1024, inFlight = 4, arrived = () => {}, failed = () => {} }) {
    this.cache = new ByteCache(limit);
    this.inFlight = inFlight;
    this.arrived = arrived;
    this.failed = failed;
    this.queue = [];
    this.running = new Map();
    this.broken = new Map();
    this.requests = 0;
    this.milliseconds = 0; // a slice's usual time, to know whether scrolling can keep up
  }

  get(url) {
    return this.cache.get(url);
  }

  /** Ask for slices by address, the most urgent first; earlier wishes that are not in it go. */
  want(urls) {
    this.queue = urls.filter(
      (url) => !this.cache.has(url) && !this.running.has(url) && !this.broken.has(url),
    );
    const wanted = new Set(urls);
    const urgent = this.queue.length > 0 && this.queue[0] === urls[0];
    if (urgent && this.running.size >= this.inFlight) {
      for (const [url, run] of this.running) {
        if (wanted.has(url)) continue;
        this.running.delete(url); // at once: it may be wanted again before the abort is through
        run.abort();
      }
    }
    this.pump();
  }

  pump() {
    while (this.running.size < this.inFlight && this.queue.length) this.fetch(this.queue.shift());
  }

  async fetch(url) {
    const stop = new AbortController();
    this.running.set(url, stop);
    this.requests += 1;
    const started = performance.now();
    try {
      const answer = await fetch(url, { signal: stop.signal, credentials: "same-origin" });
      if (!answer.ok) throw new Error(`${answer.status}`);
      const slice = await readSlice(answer);
      this.cache.put(url, slice, slice.bytes);
      if (!slice.picture) this.timed(performance.now() - started);
      this.arrived(url, slice);
    } catch (error) {
      if (error.name !== "AbortError") this.fail(url, error);
    } finally {
      if (this.running.get(url) === stop) this.running.delete(url);
      this.pump();
    }
  }

  timed(milliseconds) {
    const each = milliseconds / this.inFlight;
    this.milliseconds = this.milliseconds ? 0.8 * this.milliseconds + 0.2 * each : each;
  }

  /** Whether exact slices come too slowly to scroll by thirty a second. */
  get slow() {
    return this.milliseconds > 1000 / 30;
  }

  fail(url, error) {
    // Asked for again only after a while: a server that is gone must not be hammered.
    this.broken.set(url, error.message);
    setTimeout(() => this.broken.delete(url), 3000);
    this.failed(url, error.message);
  }
}

/** Slice numbers around `at`, nearest first, more of them ahead than behind. */
export function around(at, count, direction, reach) {
  const order = [at];
  for (let away = 1; away <= reach; away += 1) {
    const ahead = at + away * (direction || 1);
    const behind = at - Math.ceil(away / 2) * (direction || 1);
    if (ahead >= 0 && ahead < count) order.push(ahead);
    if (away % 2 && behind >= 0 && behind < count) order.push(behind);
  }
  return order;
}
