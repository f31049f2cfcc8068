// Questions and one-time passwords in the browser's own dialogs: they hold the focus, Escape
// closes them, and the focus goes back to where it was.

import { fill, make } from "./dom.js";

function open(title, content) {
  const heading = make("h2", { id: "dialog-title" }, title);
  const dialog = make("dialog", { "aria-labelledby": "dialog-title" }, heading, content);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

// Asks with a form of these fields; `work` gets the form's values and may refuse, which is told
// in the dialog, so that nothing typed is lost. Resolves to what `work` gave, or to undefined.
export function question(title, { text = "", fields = [], button, danger = false }, work) {
  return new Promise((resolve) => {
    const told = make("p", { class: "wrong", role: "alert" });
    const go = make("button", { type: "submit", class: danger ? "danger" : "main" }, button);
    const stop = make("button", { type: "button", onclick: () => dialog.close() }, "Cancel");
    const form = make("form", { autocomplete: "off" },
      text ? make("p", { class: "quiet" }, text) : null,
      fields, told, make("div", { class: "buttons" }, go, stop));
    let result;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      go.disabled = true;
      fill(told);
      try {
        result = await work(Object.fromEntries(new FormData(form)));
        dialog.close();
      } catch (error) {
        fill(told, error.message);
        form.querySelector('input[type="password"]')?.select();
      } finally {
        go.disabled = false;
      }
    });
    const dialog = open(title, form);
    dialog.addEventListener("close", () => resolve(result));
    (form.querySelector("input, select") ?? stop).focus();
  });
}

export function ownPassword() {
  return make("input", {
    type: "password", name: "password", autocomplete: "current-password", maxlength: "1024",
    required: true,
  });
}

// Shows a password that nobody can show again.
export function oneTime({ name, one_time_password: password }) {
  return new Promise((resolve) => {
    const shown = make("output", { class: "secret", id: "one-time" }, password);
    const said = make("span", { class: "quiet", role: "status" });
    const copy = async () => {
      try {
        await navigator.clipboard.writeText(password);
        fill(said, "Copied.");
      } catch {
        getSelection().selectAllChildren(shown);
        fill(said, "Selected: copy it by key.");
      }
    };
    const done = make("button", { type: "button", class: "main", onclick: () => dialog.close() },
      "I have noted it");
    const dialog = open(`One-time password of ${name}`, make("div", {},
      make("p", {}, "It is shown only now and kept nowhere. Whoever signs in with it has to choose"
        + " another one at once."),
      shown,
      make("div", { class: "buttons" }, done,
        make("button", { type: "button", onclick: copy }, "Copy"), said)));
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    dialog.addEventListener("close", () => resolve());
    done.focus();
  });
}
