// The checks said again while somebody types; nothing of it is recorded.

const QUIET_MS = 1000;

export class Rechecks {
  /** `got(checks)` gets rows {statement, check, result, reason}; `failed(error)` why there are none. */
  constructor({ api, report, got, failed }) {
    Object.assign(this, { api, report, got, failed });
  }

  /** Ask soon, or at once. */
  ask(working, delay = QUIET_MS) {
    clearTimeout(this.timer);
    this.running?.abort();
    this.timer = setTimeout(() => this.run(working), delay);
  }

  stop() {
    clearTimeout(this.timer);
    this.running?.abort();
  }

  async run(working) {
    const running = new AbortController();
    this.running = running;
    const statements = working.payload();
    if (!working.changes || !statements.length) {
      this.got([]);
      return;
    }
    try {
      const body = { based_on: working.version, statements };
      const path = `/api/reports/${this.report}/checks`;
      const told = await this.api.send("POST", path, body, { signal: running.signal });
      if (!running.signal.aborted) this.got(told.checks);
    } catch (error) {
      if (error.name !== "AbortError") this.failed(error);
    }
  }
}
