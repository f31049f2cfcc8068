// Asks the server. Every write carries the page's token; what comes back is JSON.

const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? "";
export const prefix = meta("medmm-prefix");

export class Refused extends Error {
  constructor(answer, status) {
    super([answer.error, answer.mend].filter(Boolean).join(" ") || "The server did not answer.");
    this.status = status;
    this.code = answer.code ?? "";
  }
}

export async function ask(path, { method = "GET", data, raw, background = false } = {}) {
  const headers = { accept: "application/json" };
  if (method !== "GET") headers["x-csrf-token"] = meta("csrf-token");
  if (background) headers["x-medmm-background"] = "1";
  let body;
  if (raw !== undefined) {
    headers["content-type"] = "application/octet-stream";
    body = raw;
  } else if (data !== undefined) {
    headers["content-type"] = "application/json";
    body = JSON.stringify(data);
  }
  let answer;
  try {
    answer = await fetch(`${prefix}/api/admin${path}`, { method, headers, body });
  } catch {
    throw new Refused({ error: "The server cannot be reached.", mend: "Try again." }, 0);
  }
  if (answer.status === 401) {
    location.reload(); // the session is over: to the sign-in, and back
    return new Promise(() => {});
  }
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(said, answer.status);
  return said;
}

export function query(values) {
  const given = Object.entries(values).filter(([, value]) => value !== "" && value !== null);
  return given.length ? `?${new URLSearchParams(given)}` : "";
}
