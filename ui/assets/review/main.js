// The review room begins: the report is asked for at once, and shown where Gradio puts the room.

import { Api } from "./api.js";
import { Desk } from "./desk.js";
import { make } from "./dom.js";

const api = new Api();
const [, study] = location.pathname.match(/\/study\/(\d+)$/) ?? [];
const report = new URLSearchParams(location.search).get("report");
const root = make("div", { className: "rv-root" });

/** Beside what Gradio shows; should it make its part of the page anew, ours goes with it. */
function attach() {
  const host = document.getElementById("review");
  if (host && root.parentElement !== host) host.append(root);
  return Boolean(host);
}

const placed = new Promise((there) => {
  const look = () => attach() && there();
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
  look();
});

async function begin() {
  const asked = api.get(`/api/studies/${study}/desk${report ? `?report=${Number(report)}` : ""}`);
  asked.catch(() => {});
  await placed;
  try {
    const desk = new Desk(root, api, await asked);
    root.desk = desk;
    await desk.open();
  } catch (error) {
    if (error.status === 401) location.reload();
    root.append(make("p", { className: "rv-wrong", role: "alert", text: error.sentence ?? "The room cannot be shown; load the page again." }));
    if (!error.sentence) throw error;
  }
}

begin();
