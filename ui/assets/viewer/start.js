// Starts the viewer in every element with data-viewer-study, also in ones that come later: a page
// needs no script of its own. The viewer is then the element's property `viewer`, a promise of it
// `viewerReady`.

import { mount } from "./viewer.js";

const prefix = document.querySelector('meta[name="medmm-prefix"]')?.content ?? "";
const number = (text) => (text ? Number(text) : null);

function start(element) {
  if (element.viewerReady) return;
  const { viewerStudy, viewerReport, viewerVersion } = element.dataset;
  element.viewerReady = mount(element, {
    base: `${prefix}/`,
    study: Number(viewerStudy),
    report: number(viewerReport),
    version: number(viewerVersion),
  }).then((viewer) => {
    element.viewer = viewer;
    return viewer;
  });
  element.viewerReady.catch(() => {}); // already said on the page
}

const startAll = () => document.querySelectorAll("[data-viewer-study]").forEach(start);

startAll();
new MutationObserver(startAll).observe(document.body, { childList: true, subtree: true });
