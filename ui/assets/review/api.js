// Asking our own routes: prefix, token against forgery, errors with their sentence.

export class Refused extends Error {
  constructor(status, told) {
    super(told.error || "The server cannot be reached.");
    this.status = status; // 0: nobody answered
    this.code = told.code ?? "";
    this.mend = told.mend ?? "";
    this.told = told;
  }

  /** Whether the same may be let through later. */
  get passing() {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }

  get sentence() {
    return `${this.message} ${this.mend}`.trim();
  }
}

const meta = (page, name) => page.querySelector(`meta[name="${name}"]`)?.content ?? "";
const whose = (page) => page.querySelector(".bar .who .name")?.textContent ?? "";

export class Api {
  constructor() {
    this.prefix = meta(document, "medmm-prefix");
    this.token = meta(document, "csrf-token");
    this.user = whose(document);
  }

  url(path) {
    return `${this.prefix}${path}`;
  }

  get(path, options = {}) {
    return this.ask(path, options);
  }

  send(method, path, body, options = {}) {
    return this.ask(path, { method, body, ...options });
  }

  async ask(path, options) {
    const answer = await this.once(path, options);
    if (answer.ok) return answer.json();
    const told = await answer.json().catch(() => ({}));
    if (told.code === "csrf" && (await this.renew())) {
      const again = await this.once(path, options);
      if (again.ok) return again.json();
      throw new Refused(again.status, await again.json().catch(() => ({})));
    }
    throw new Refused(answer.status, told);
  }

  async once(path, { method = "GET", body, background = false, keepalive = false, signal } = {}) {
    const headers = { accept: "application/json" };
    if (method !== "GET") headers["x-csrf-token"] = this.token;
    if (body !== undefined) headers["content-type"] = "application/json";
    if (background) headers["x-medmm-background"] = "1";
    const sent = {
      method, headers, keepalive, signal, credentials: "same-origin", cache: "no-store",
      body: body === undefined ? undefined : JSON.stringify(body),
    };
    try {
      return await fetch(this.url(path), sent);
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Refused(0, {});
    }
  }

  /** The token of a session that began in another window; false if it is another user's. */
  async renew() {
    try {
      const answer = await fetch(location.href, { credentials: "same-origin", cache: "no-store" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const token = meta(page, "csrf-token");
      if (!token || token === this.token || whose(page) !== this.user) return false;
      this.token = token;
      return true;
    } catch {
      return false;
    }
  }
}
