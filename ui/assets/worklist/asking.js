// Requests to our own routes: the token on every write, one readable sentence for every refusal.

const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? "";
const prefix = meta("medmm-prefix");
export const token = meta("csrf-token");

export const url = (path) => `${prefix}${path}`;

export class Refused extends Error {
  constructor(status, told) {
    super([told.error ?? "The server did not answer as expected.", told.mend].filter(Boolean).join(" "));
    this.status = status;
    this.code = told.code ?? "";
  }
}

// What a refusal says; a session that is over leads to the sign-in and back here.
export function refused(status, text) {
  if (status === 401) location.reload();
  let told = {};
  try {
    told = JSON.parse(text);
  } catch {
    // A proxy's own page: its status is all that is known.
    told = { error: `The server answered ${status}.` };
  }
  return new Refused(status, told);
}

export async function ask(path, { body, background = false, method } = {}) {
  const headers = { "x-csrf-token": token };
  if (background) headers["x-medmm-background"] = "1";
  if (body !== undefined) headers["content-type"] = "application/json";
  let answer;
  try {
    answer = await fetch(url(path), {
      method: method ?? (body === undefined ? "GET" : "POST"),
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
    });
  } catch {
    throw new Refused(0, { error: "The server cannot be reached.", mend: "It is tried again." });
  }
  const text = await answer.text();
  if (!answer.ok) throw refused(answer.status, text);
  return (answer.headers.get("content-type") ?? "").includes("json") ? JSON.parse(text) : text;
}

// Markup that our server made, with everything in it escaped there.
export function put(element, markup) {
  element.innerHTML = markup;
  for (const time of element.querySelectorAll("time[data-short]")) shorten(time);
}

// A time in the reader's own zone: the hour today, else the day.
function shorten(time) {
  const moment = new Date(time.dateTime);
  const today = moment.toDateString() === new Date().toDateString();
  const clock = { hour: "2-digit", minute: "2-digit", hour12: false };
  const day = { day: "2-digit", month: "short", year: "numeric" };
  time.textContent = new Intl.DateTimeFormat("en-GB", today ? clock : day).format(moment);
  time.title = moment.toLocaleString("en-GB");
}
