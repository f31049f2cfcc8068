// How long a report was open, and how long somebody worked on it: the window has the focus, and
// pauses between two movements, keys or clicks of more than a minute are cut.

const PAUSE_MS = 60_000;
const BEAT_MS = 15_000;
const SIGNS = ["pointermove", "pointerdown", "keydown", "wheel", "input"];

export class Clock {
  /** `looked()` gives ranges of slices by series; what changed of it goes along. */
  constructor({ api, report, looked = () => ({}), now = () => performance.now() }) {
    Object.assign(this, { api, report, looked, now });
    this.active = 0;
    this.opened = now();
    this.last = document.hasFocus() ? now() : null;
    this.sent = {};
  }

  start() {
    const options = { passive: true, capture: true };
    for (const sign of SIGNS) document.addEventListener(sign, () => this.moved(), options);
    window.addEventListener("blur", () => this.left());
    window.addEventListener("focus", () => this.moved());
    window.addEventListener("pagehide", () => this.beat({ keepalive: true }));
    this.timer = setInterval(() => this.beat(), BEAT_MS);
  }

  /** A sign of life: the time since the last one counts, unless it was a pause. */
  moved() {
    if (!document.hasFocus()) return;
    this.settle();
    this.last = this.now();
  }

  left() {
    this.settle();
    this.last = null;
  }

  settle() {
    if (this.last === null) return;
    const gap = this.now() - this.last;
    if (gap <= PAUSE_MS) this.active += gap;
  }

  /** Tell the server; what it did not get is told the next time. */
  async beat({ keepalive = false } = {}) {
    const [opened, active] = [this.now() - this.opened, this.active];
    const ranges = this.looked();
    const looked = Object.fromEntries(Object.entries(ranges)
      .filter(([series, seen]) => seen.length && this.sent[series] !== JSON.stringify(seen)));
    const body = { open_ms: Math.floor(opened), active_ms: Math.floor(active), looked };
    try {
      const path = `/api/reports/${this.report}/reading`;
      await this.api.send("POST", path, body, { background: true, keepalive });
    } catch {
      return;
    }
    this.opened += opened;
    this.active = Math.max(0, this.active - active);
    for (const [series, seen] of Object.entries(looked)) this.sent[series] = JSON.stringify(seen);
  }
}
