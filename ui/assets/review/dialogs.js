// Dialogs: the browser's own, which keeps the focus inside and gives it back.

import { button, make, newId } from "./dom.js";

/** A dialog with a heading; `close()` ends it, `done` is a promise of that. */
export function dialog(title, ...content) {
  const heading = make("h2", { text: title, id: newId("dialog") });
  const element = make("dialog", { className: "rv-dialog", "aria-labelledby": heading.id }, heading, content);
  const done = new Promise((ended) => {
    element.addEventListener("close", () => {
      element.remove();
      ended();
    });
  });
  // A key of the page must not act behind it.
  element.addEventListener("keydown", (event) => event.stopPropagation());
  (document.querySelector(".rv-root") ?? document.body).append(element);
  element.showModal();
  return { element, done, close: () => element.close() };
}

/** A form in a dialog: `submit()` may throw an error with a `sentence`; it then stays open. */
export function form(title, { parts, says, danger = false, submit }) {
  const wrong = make("p", { className: "rv-wrong", role: "alert" });
  const go = make("button", { type: "submit", text: says, className: danger ? "rv-danger" : "rv-main" });
  const body = make("form", { method: "dialog" }, parts, wrong);
  const shown = dialog(title, body);
  body.append(make("div", { className: "rv-buttons" }, go, button("Back", () => shown.close())));
  body.addEventListener("submit", async (event) => {
    event.preventDefault();
    wrong.textContent = "";
    go.disabled = true;
    try {
      await submit();
      shown.close();
    } catch (error) {
      wrong.textContent = error.sentence ?? "This is a fault of the page; load it again.";
      if (!error.sentence) throw error;
    } finally {
      go.disabled = false;
    }
  });
  return shown;
}
