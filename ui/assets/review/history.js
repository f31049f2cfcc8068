// The history room: two versions beside each other, in what the server has made.

import { Api } from "./api.js";
import { differenceChooser } from "./differences.js";

const api = new Api();

function begin() {
  const host = document.querySelector("#history .history-differences");
  if (!host || host.childElementCount) return;
  const { report, last } = host.dataset;
  host.append(differenceChooser(api, Number(report), Number(last)));
}

new MutationObserver(begin).observe(document.body, { childList: true, subtree: true });
begin();
