// The history room: two versions beside each other, in what the server has made.

import { Api } from "./api.js";
import { differenceChooser } from "./differences.js";
import { make } from "./dom.js";

const api = new Api();
const [, report] = location.pathname.match(/\/report\/(\d+)$/) ?? [];

function begin() {
  const host = document.querySelector("#history .history-differences");
  if (!host || host.childElementCount) return;
  const last = document.querySelectorAll("#history .history-versions tbody tr").length;
  host.append(make("div", { className: "rv-root" }, differenceChooser(api, Number(report), last)));
}

new MutationObserver(begin).observe(document.body, { childList: true, subtree: true });
begin();
