// Elements made in one call. Words from files, models and people are only ever set as text.

let made = 0;

/** An element: `text`, `className`, `on` {event: listener}, other properties as attributes. */
export function make(tag, { text = "", className = "", on = {}, ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  if (text) element.textContent = text;
  if (className) element.className = className;
  for (const [name, listener] of Object.entries(on)) element.addEventListener(name, listener);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== ""));
  return element;
}

export function button(text, listener, more = {}) {
  return make("button", { type: "button", text, on: { click: listener }, ...more });
}

/** An id for label, description and the like. */
export function newId(stem) {
  made += 1;
  return `rv-${stem}-${made}`;
}

/** A label over a field. */
export function field(label, input) {
  input.id ||= newId("field");
  return make("div", { className: "rv-field" }, make("label", { text: label, for: input.id }), input);
}

/** A moment as the reader's own clock has it; the exact one is in its title. */
export function moment(iso) {
  const date = new Date(iso);
  const two = (number) => String(number).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const text = `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
  return make("time", { text, datetime: iso, title: iso });
}

/** "1 statement", "2 statements". */
export function count(number, word) {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}
