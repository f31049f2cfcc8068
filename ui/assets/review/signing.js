// Signing and adding to a report: what exactly is signed, by whom, with the password again.

import { form } from "./dialogs.js";
import { count, field, make } from "./dom.js";

const MEANING = "I have reviewed and approve this report";

function who(user) {
  const name = make("input", { value: user, autocomplete: "username", required: true, maxlength: "200", spellcheck: "false" });
  const password = make("input", { type: "password", autocomplete: "current-password", required: true, maxlength: "1024" });
  return { name, password, parts: [field("Name", name), field("Password", password)] };
}

/** Ask for a signature under the last version; `missing` slices were never shown to the signer. */
export async function askSignature({ api, report, user, missing, signed }) {
  const told = await api.get(`/api/reports/${report}/to-sign`);
  const reasons = new Map();
  const contradicted = told.contradicted.map((one) => {
    const why = make("textarea", { rows: "2", maxlength: "2000", required: true });
    reasons.set(one.id, why);
    return make("div", { className: "rv-contradicted" },
      make("p", {}, make("b", { text: `! ${one.id} is contradicted: ` }), make("span", { text: one.text, dir: "auto" })),
      field(`Why it stays (${one.id})`, why));
  });
  const meaning = make("input", { value: MEANING, maxlength: "2000", required: true });
  const { name, password, parts } = who(user);
  form("Sign this report", {
    parts: [
      make("p", {}, `You sign version ${told.version}, last written by ${told.author}: `, make("b", { text: count(told.statements, "statement") }), "."),
      make("p", { className: "rv-hash", text: `SHA-256 ${told.sha256}` }),
      missing ? make("p", { className: "rv-warn", text: `${count(missing, "slice")} never shown to you.` }) : null,
      contradicted.length ? make("p", { text: "Edit or delete each, or say why it stays:" }) : null,
      contradicted,
      field("Meaning", meaning),
      ...parts,
    ],
    says: "Sign",
    submit: async () => {
      const confirmed = Object.fromEntries([...reasons].map(([id, why]) => [id, why.value]));
      const given = {
        name: name.value, password: password.value, meaning: meaning.value, based_on: told.version, confirmed,
      };
      password.value = "";
      signed(await api.send("POST", `/api/reports/${report}/signatures`, given));
    },
  });
  (contradicted.length ? [...reasons.values()][0] : password).focus();
}

/** Ask for an addendum; `text` is what was typed before, `typed(text)` keeps what is typed. */
export function askAddendum({ api, report, user, text, typed, settled, added }) {
  const area = make("textarea", { rows: "6", required: true, maxlength: "1000000", spellcheck: "true", on: { input: () => typed(area.value) } });
  area.value = text;
  const { name, password, parts } = who(user);
  form("Addendum", {
    parts: [make("p", { text: "The signed text stays as it is. The addendum is signed, too, and stands beside it." }), field("Text", area), ...parts],
    says: "Sign the addendum",
    submit: async () => {
      const given = { name: name.value, password: password.value, text: area.value };
      password.value = "";
      await settled();
      added(await api.send("POST", `/api/reports/${report}/addenda`, given));
    },
  });
  area.focus();
}
