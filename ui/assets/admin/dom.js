// Elements made from text: whatever comes from the server becomes text nodes, never markup.

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, value);
    }
  }
  element.append(...children.flat().filter((one) => one !== null && one !== undefined));
  return element;
}

export function fill(element, ...children) {
  element.replaceChildren(...children.flat().filter((one) => one !== null && one !== undefined));
}

// A table. `columns` are [title, make a cell of a row, class]; the first column heads its row.
export function table(caption, columns, rows, none) {
  if (!rows.length) return make("p", { class: "quiet" }, none);
  const head = columns.map(([title, , kind]) => make("th", { scope: "col", class: kind }, title));
  const body = rows.map((row) =>
    make("tr", {}, columns.map(([, cell, kind], at) =>
      at === 0
        ? make("th", { scope: "row", class: kind }, cell(row))
        : make("td", { class: kind }, cell(row)))));
  return make("div", { class: "scrolls", tabindex: "0", role: "region", "aria-label": caption },
    make("table", {}, make("caption", {}, caption),
      make("thead", {}, make("tr", {}, head)), make("tbody", {}, body)));
}

// A field with its label; `control` gets an id if it has none.
let fields = 0;
export function field(label, control, note = null) {
  fields += 1;
  control.id ||= `field-${fields}`;
  return make("div", { class: "field" },
    make("label", { for: control.id }, label), control,
    note ? make("span", { class: "quiet" }, note) : null);
}

export function choice(options, chosen = "") {
  return make("select", {}, options.map(([value, title]) =>
    make("option", { value, selected: value === chosen }, title)));
}

// A moment as the server says it (ISO 8601, UTC), to the second; the zone stands in the heading.
export function moment(text) {
  if (!text) return "–";
  return make("time", { datetime: text }, text.slice(0, 19).replace("T", " "));
}

export function size(bytes) {
  if (bytes === null || bytes === undefined) return "–";
  const units = ["B", "kB", "MB", "GB", "TB"];
  let at = 0;
  let left = bytes;
  for (; left >= 1000 && at < units.length - 1; at += 1) left /= 1000;
  return `${at ? left.toFixed(1) : left} ${units[at]}`;
}

export function counted(count, one, many = `${one}s`) {
  return `${count} ${count === 1 ? one : many}`;
}
