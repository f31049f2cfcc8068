// Files to the server, with how far they are (which fetch cannot tell), and folders of the server.

import { ask, refused, token, url } from "./asking.js";

export class Ingesting {
  constructor(root, jobs, say) {
    this.dialog = root.querySelector("#wl-ingest");
    this.jobs = jobs;
    this.say = say;
    if (!this.dialog) return;
    root.querySelector("#wl-add").addEventListener("click", () => this.open());
    this.form = this.dialog.querySelector("#wl-upload");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    const server = this.dialog.querySelector("#wl-server");
    server?.addEventListener("submit", (event) => {
      event.preventDefault();
      this.take(server);
    });
    server?.querySelector("#wl-root").addEventListener("change", (event) => {
      server.querySelector("#wl-inside").setAttribute("list", `wl-names-${event.target.value}`);
    });
    this.dialog.addEventListener("close", () => this.request?.abort());
  }

  open() {
    this.dialog?.showModal();
  }

  async send() {
    const said = this.form.querySelector("#wl-upload-said");
    const button = this.form.querySelector("button");
    const inputs = [...this.form.querySelectorAll('input[type="file"]')];
    const files = inputs.flatMap((input) => [...input.files]);
    if (files.length === 0) {
      said.textContent = "Choose files, a zip or a folder first.";
      return;
    }
    button.disabled = true;
    said.textContent = "";
    try {
      await this.post(files);
      this.form.reset();
      this.dialog.close();
      this.say("Uploaded; it waits to be read.");
      this.jobs.look();
    } catch (error) {
      said.textContent = error.message;
    } finally {
      button.disabled = false;
      this.form.querySelector("#wl-sent").hidden = true;
      this.request = null;
    }
  }

  post(files) {
    const data = new FormData();
    for (const file of files) data.append("file", file, file.name);
    const bar = this.form.querySelector("#wl-sent");
    bar.hidden = false;
    bar.value = 0;
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      this.request = request;
      request.open("POST", url("/api/uploads"));
      request.setRequestHeader("x-csrf-token", token);
      request.upload.addEventListener("progress", (event) => {
        if (event.lengthComputable) bar.value = (100 * event.loaded) / event.total;
      });
      request.addEventListener("load", () =>
        request.status === 202 ? resolve() : reject(refused(request.status, request.responseText)),
      );
      request.addEventListener("error", () =>
        reject(new Error("The upload broke off: it may be too large, or the server cannot be reached.")),
      );
      request.addEventListener("abort", () => reject(new Error("The upload was stopped.")));
      request.send(data);
    });
  }

  async take(server) {
    const said = server.querySelector("#wl-server-said");
    const root = Number(server.querySelector("#wl-root").value);
    try {
      await ask("/api/ingest", { body: { root, inside: server.querySelector("#wl-inside").value } });
      server.reset();
      said.textContent = "";
      this.dialog.close();
      this.say("The folder waits to be read.");
      this.jobs.look();
    } catch (error) {
      said.textContent = error.message;
    }
  }
}
