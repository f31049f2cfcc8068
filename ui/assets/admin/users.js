// Users: who may sign in, and as what.

import { ask } from "./ask.js";
import { oneTime, ownPassword, question } from "./dialog.js";
import { choice, counted, field, fill, make, moment, table } from "./dom.js";

const MEANS = {
  reader: "reader: sees studies and reports",
  reporter: "reporter: also drafts, edits, hands on",
  signer: "signer: also signs and amends",
  admin: "admin: keeps users, knowledge and audit; signs nothing",
};

function state(user) {
  if (user.disabled) return make("span", { class: "state off" }, "disabled");
  if (user.must_change) return make("span", { class: "state wait" }, "has to change the password");
  return make("span", { class: "state on" }, "enabled");
}

function action(title, user, work) {
  return make("button", { type: "button", class: "link", "aria-label": `${title} ${user.name}`,
    onclick: work }, title);
}

export async function users(panel, page) {
  const { users: listed, roles, you } = await ask("/users");
  const again = () => users(panel, page);
  const own = () => field("Your own password", ownPassword());
  const roleOf = (chosen) => {
    const select = choice(roles.map((role) => [role, MEANS[role] ?? role]), chosen);
    select.name = "role";
    return field("Role", select);
  };

  async function add() {
    const name = make("input", { name: "name", maxlength: "64", required: true,
      autocapitalize: "none", spellcheck: "false" });
    const made = await question("Add a user", {
      fields: [field("Name", name, "Letters, digits and . _ -"), roleOf("reader"), own()],
      button: "Add",
    }, (data) => ask("/users", { method: "POST", data }));
    if (!made) return;
    await oneTime(made);
    await again();
    page.say(`Added ${made.name}.`);
  }

  async function change(user) {
    const done = await question(`Role of ${user.name}`, {
      text: "Their open sessions end. What they signed keeps the role it was signed in.",
      fields: [roleOf(user.role), own()],
      button: "Change it",
    }, (data) => ask("/users/role", { method: "POST", data: { name: user.name, ...data } }));
    if (!done) return;
    await again();
    page.say(`The role of ${user.name} is ${done.user.role} now.`);
  }

  async function reset(user) {
    const made = await question(`One-time password for ${user.name}`, {
      text: "The password that they have ends, and their open sessions with it.",
      fields: [own()],
      button: "Make one",
    }, (data) => ask("/users/password", { method: "POST", data: { name: user.name, ...data } }));
    if (!made) return;
    await oneTime(made);
    await again();
    page.say(`${user.name} has a one-time password.`);
  }

  async function disable(user) {
    const done = await question(`Disable ${user.name}?`, {
      text: "They are signed out and cannot sign in any more. What they wrote stays.",
      button: "Disable", danger: true,
    }, () => ask("/users/disable", { method: "POST", data: { name: user.name } }));
    if (!done) return;
    await again();
    page.say(`${user.name} can sign in no more.`);
  }

  async function enable(user) {
    const done = await question(`Enable ${user.name}?`, {
      text: "They can sign in again, with the password that they had.",
      fields: [own()], button: "Enable",
    }, (data) => ask("/users/enable", { method: "POST", data: { name: user.name, ...data } }));
    if (!done) return;
    await again();
    page.say(`${user.name} can sign in again.`);
  }

  async function signOut(user) {
    const done = await page.trying(
      () => ask("/users/sign-out", { method: "POST", data: { name: user.name } }));
    if (!done) return;
    await again();
    page.say(`${counted(done.ended, "session")} of ${user.name} ended.`);
  }

  const actions = (user) => make("div", { class: "actions" },
    action("Role", user, () => change(user)),
    user.name === you ? null : action("One-time password", user, () => reset(user)),
    user.disabled
      ? action("Enable", user, () => enable(user))
      : action("Disable", user, () => disable(user)),
    user.sessions ? action("Sign out", user, () => signOut(user)) : null,
    make("a", { href: `#audit?actor=${encodeURIComponent(user.name)}`,
      "aria-label": `Events of ${user.name}` }, "Events"));

  fill(panel,
    make("div", { class: "head" }, make("h2", {}, "Users"),
      make("button", { type: "button", class: "main", onclick: add }, "Add a user")),
    table(`${counted(listed.length, "user")}; times in UTC, sign-ins as far as they are kept (a day after their session's end)`, [
      ["Name", (user) => make("span", { dir: "auto" }, user.name), "name"],
      ["Role", (user) => user.role],
      ["State", state],
      ["Created", (user) => moment(user.created), "time"],
      ["Disabled", (user) => moment(user.disabled), "time"],
      ["Last sign-in", (user) => moment(user.last_sign_in), "time"],
      ["Sessions open", (user) => String(user.sessions), "number"],
      ["", actions],
    ], listed, "No users."));
}
