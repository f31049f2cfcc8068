// Drafting a study and acknowledging a critical finding.

import { ask, put } from "./asking.js";

export function closing(root) {
  root.addEventListener("click", (event) => {
    if (event.target.closest("[data-close]")) event.target.closest("dialog").close();
  });
}

export class Drafting {
  constructor(root, jobs, say) {
    this.dialog = root.querySelector("#wl-draft");
    this.jobs = jobs;
    this.say = say;
    this.dialog.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send(event.target);
    });
  }

  async open(study) {
    try {
      put(this.dialog, await ask(`/api/studies/${study}/draft`));
      this.dialog.showModal();
      this.dialog.querySelector("textarea").focus();
    } catch (error) {
      this.say(error.message, true);
    }
  }

  async send(form) {
    const { indication, writer, prior, knowledge } = form.elements;
    const boxes = [...form.querySelectorAll('[name="expert"]')];
    const chosen = boxes.filter((box) => box.checked).map((box) => box.value);
    const button = form.querySelector('[type="submit"]');
    button.disabled = true;
    try {
      const job = await ask(`/api/studies/${form.dataset.study}/draft`, {
        body: {
          indication: indication.value,
          writer: writer.value,
          prior: /^\d+$/.test(prior.value) ? Number(prior.value) : prior.value,
          knowledge: knowledge.checked,
          experts: chosen.length === boxes.length ? null : chosen,
        },
      });
      this.dialog.close();
      this.say(`Draft of study ${job.study} waits for the worker.`);
      this.jobs.look();
    } catch (error) {
      form.querySelector("#wl-draft-said").textContent = error.message;
      button.disabled = false;
    }
  }
}

export class Acknowledging {
  constructor(root, list, say) {
    this.dialog = root.querySelector("#wl-critical");
    this.list = list;
    this.say = say;
    this.dialog.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
  }

  open(button) {
    const { report, rule, name, level, text, source } = button.dataset;
    this.about = { report, rule, name };
    const put = (id, words) => (this.dialog.querySelector(id).textContent = words);
    put("#wl-finding", name);
    put("#wl-level", `to be told ${level}`);
    put("#wl-words", text);
    put("#wl-source", `Why it is critical: ${source}`);
    put("#wl-critical-said", "");
    const told = this.dialog.querySelector("#wl-told");
    told.value = "";
    const options = this.list.methods.map((one) => new Option(one || "-", one));
    this.dialog.querySelector("#wl-method").replaceChildren(...options);
    this.dialog.showModal();
    told.focus();
  }

  async send() {
    const { report, rule, name } = this.about;
    const told = this.dialog.querySelector("#wl-told").value;
    const method = this.dialog.querySelector("#wl-method").value;
    try {
      await ask(`/api/reports/${report}/acknowledgements`, { body: { rule, told, method } });
      this.dialog.close();
      this.say(`${name} acknowledged.`);
      this.list.load({ background: true });
    } catch (error) {
      this.dialog.querySelector("#wl-critical-said").textContent = error.message;
    }
  }
}
