// Work in progress, asked for again and again while there is any; the list follows when it changes.

import { ask, put } from "./asking.js";

const BUSY = 1000;
const IDLE = 15000;
const LONGEST = 60000;

export class Jobs {
  constructor(root, list, say) {
    this.element = root.querySelector("#wl-jobs");
    this.results = root.querySelector("#wl-results");
    this.list = list;
    this.say = say;
    this.stands = null;
    this.timer = 0;
    this.failures = 0;
    this.element.addEventListener("click", (event) => this.click(event));
    document.addEventListener("visibilitychange", () => !document.hidden && this.look());
  }

  async look() {
    clearTimeout(this.timer);
    let wait = IDLE;
    try {
      const found = await ask("/api/jobs", { background: true });
      this.failures = 0;
      this.show(found);
      if (found.active) wait = BUSY;
    } catch (error) {
      if (error.status === 401) return;
      this.failures += 1;
      wait = Math.min(BUSY * 2 ** this.failures, LONGEST);
    }
    clearTimeout(this.timer);
    if (!document.hidden) this.timer = setTimeout(() => this.look(), wait);
  }

  show(found) {
    this.element.hidden = found.jobs.length === 0;
    const at = document.activeElement?.closest?.("#wl-jobs [data-cancel], #wl-jobs [data-results]");
    const focus = at && (at.dataset.cancel ?? at.dataset.results);
    if (this.markup !== found.html) put(this.element, found.html);
    this.markup = found.html;
    if (focus) this.element.querySelector(`[data-job="${CSS.escape(focus)}"] :is(button, a)`)?.focus();
    const changed = this.stands && JSON.stringify(this.stands) !== JSON.stringify(found.stands);
    if (changed) {
      this.tell(found);
      this.list.load({ background: true });
    }
    this.stands = found.stands;
  }

  tell(found) {
    const ended = found.jobs.filter(
      (job) => ["done", "failed"].includes(job.status) && this.stands[job.id] !== job.status,
    );
    for (const job of ended) {
      const what = job.kind === "draft" ? `Draft of study ${job.study}` : "Taking in";
      this.say(
        job.status === "done" ? `${what}: ${job.progress}.` : `${what} failed: ${job.error}`,
        job.status === "failed",
      );
    }
  }

  async click(event) {
    const button = event.target.closest("button");
    if (!button) return;
    try {
      if (button.dataset.cancel) {
        button.disabled = true;
        await ask(`/api/jobs/${button.dataset.cancel}/cancel`, { method: "POST" });
        this.say("Cancelled.");
        this.look();
      } else if (button.dataset.results) {
        put(this.results, await ask(`/api/jobs/${button.dataset.results}`));
        this.results.showModal();
      }
    } catch (error) {
      this.say(error.message, true);
      this.look();
    }
  }
}
