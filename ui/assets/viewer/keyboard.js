// Keys into actions by keys.json. No key acts while a text box has the focus, but those marked
// "in_text", which all need ctrl; ctrl+z stays the text box's own there.

/** A key event's name as keys.json writes it. */
export function nameOf(event) {
  const parts = [];
  if (event.ctrlKey || event.metaKey) parts.push("ctrl");
  if (event.altKey) parts.push("alt");
  const key = event.key === " " ? "Space" : event.key;
  const letter = key.length === 1;
  // Shift makes another sign of a key ("+"), so it is only told apart for named keys and with ctrl.
  if (event.shiftKey && (!letter || event.ctrlKey)) parts.push("shift");
  parts.push(letter ? key.toLowerCase() : key);
  return parts.join("+");
}

/** Whether what has the focus takes text. */
export function takesText(element) {
  if (!element) return false;
  if (element.isContentEditable) return true;
  if (element.tagName === "TEXTAREA" || element.tagName === "SELECT") return true;
  const plain = ["button", "checkbox", "radio", "range", "color", "submit", "reset", "image"];
  return element.tagName === "INPUT" && !plain.includes(element.type);
}

/** Whether the focused thing has a use of its own for the key. */
function usesKey(element, name) {
  if (!element) return false;
  if (element.tagName === "INPUT" && element.type === "range") {
    return /^(Arrow|Home|End|Page)/.test(name);
  }
  const pressed = ["BUTTON", "A", "SUMMARY"].includes(element.tagName) || element.tagName === "INPUT";
  return pressed && (name === "Space" || name === "Enter");
}

export class Keyboard {
  constructor(act) {
    this.act = act;
    this.byName = new Map();
    this.listener = (event) => this.pressed(event);
  }

  async load(url) {
    const answer = await fetch(url, { credentials: "same-origin" });
    this.use((await answer.json()).keys);
  }

  use(rows) {
    this.byName = new Map(rows.map((row) => [row.key, row]));
  }

  /** The key of an action, for a button's title. */
  of(action) {
    for (const row of this.byName.values()) if (row.action === action) return row.key;
    return "";
  }

  listen(target) {
    this.target = target;
    target.addEventListener("keydown", this.listener);
  }

  stop() {
    this.target?.removeEventListener("keydown", this.listener);
  }

  pressed(event) {
    if (event.defaultPrevented || event.isComposing) return;
    const name = nameOf(event);
    const row = this.byName.get(name);
    if (!row) return;
    const focused = event.target;
    if (takesText(focused) && !row.in_text) return;
    if (usesKey(focused, name)) return;
    if (this.act(row.action)) event.preventDefault();
  }
}
