// Keeps what is typed on the server: half a second after the last key, at most a second and a half
// after the first one that is not kept, at once when the window loses focus or goes away.

const QUIET_MS = 500;
const LONGEST_MS = 1500;
const AGAIN_MS = [1000, 2000, 4000, 8000];

/** A name for this window that no other has. */
export function windowName() {
  return [...crypto.getRandomValues(new Uint8Array(12))]
    .map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Autosave {
  /** `text()` gives what is kept; `say(state, error)` is told kept, typed, trouble; `other(kept)`
   * that another window kept another text. */
  constructor({ api, report, version, text, say, other, page = windowName(), revision = 0 }) {
    Object.assign(this, { api, report, version, text, say, other, page, revision });
    this.serial = 0;
    this.acked = 0;
    this.misses = 0;
    this.since = null;
    this.sending = null;
    this.paused = false;
  }

  get unkept() {
    return this.serial > this.acked;
  }

  get path() {
    return `/api/reports/${this.report}/unfinished`;
  }

  /** Something was typed. */
  changed() {
    this.serial += 1;
    this.since ??= performance.now();
    this.say("typed");
    const left = this.since + LONGEST_MS - performance.now();
    this.later(Math.max(0, Math.min(QUIET_MS, left)));
  }

  later(delay) {
    clearTimeout(this.timer);
    if (!this.paused) this.timer = setTimeout(() => this.send(), delay);
  }

  /** Send now what is not kept; with `keepalive` also while the page goes away. */
  async send({ keepalive = false } = {}) {
    if (!this.unkept || this.paused || (this.sending && !keepalive)) return;
    clearTimeout(this.timer);
    const sent = this.once(keepalive);
    this.sending = sent;
    await sent;
    if (this.sending === sent) this.sending = null;
    if (this.unkept && !this.misses) this.later(QUIET_MS);
  }

  async once(keepalive) {
    const { serial, page, revision } = this;
    const body = { based_on: this.version, page, serial, revision, text: this.text() };
    this.since = null;
    try {
      const kept = await this.api.send("PUT", this.path, body, { keepalive });
      if (kept.serial > this.acked) {
        this.acked = kept.serial;
        this.kept = JSON.stringify(body.text);
      }
      this.revision = Math.max(this.revision, kept.revision);
      this.misses = 0;
      if (!this.unkept) this.say("kept");
    } catch (error) {
      this.failed(error);
    }
  }

  failed(error) {
    this.misses += 1;
    this.error = error;
    if (error.code === "other-window") {
      this.paused = true;
      this.other(error.told.kept);
      return;
    }
    this.say("trouble", error);
    // The text is held here; what may pass is tried again, a session may begin in another window.
    if (error.passing || error.status === 401 || error.code === "csrf") {
      this.later(AGAIN_MS[Math.min(this.misses, AGAIN_MS.length) - 1]);
    }
  }

  /** Send nothing more, and wait for what is on its way. */
  async pause() {
    this.paused = true;
    clearTimeout(this.timer);
    await this.sending;
  }

  resume() {
    this.paused = false;
    this.misses = 0;
    this.send();
  }

  /** Forget on the server what was kept there from this window or before it. */
  async forget() {
    const asked = `based_on=${this.version}&revision=${this.revision}`;
    await this.api.ask(`${this.path}?${asked}`, { method: "DELETE" });
  }
}
