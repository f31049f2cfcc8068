// The strip beside the images: series, regions with their switches, what was not looked at.
// All words from files and reports are set as text, never as markup.

import { css } from "./masks.js";

function make(tag, { text = "", className = "", ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  if (text) element.textContent = text;
  if (className) element.className = className;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function section(title, ...children) {
  const details = make("details", { className: "mv-section", open: "" });
  details.append(make("summary", { text: title }), ...children);
  return details;
}

export class Panel {
  constructor(host, desk) {
    this.host = host;
    this.desk = desk;
    this.seriesButtons = new Map();
    this.rows = new Map();
  }

  /** Build it for a document. */
  fill(document_) {
    this.host.replaceChildren(this.seriesSection(document_));
    if (document_.regions.length) this.host.append(this.regionSection(document_));
    this.host.append(this.missedSection(document_));
  }

  seriesSection(document_) {
    const list = make("div", { className: "mv-series" });
    for (const series of document_.series) {
      const kind = series.kind === "cine" ? "frames" : "slices";
      const size = series.shape[0] > 1 ? `${series.shape[0]} ${kind}` : "1 image";
      const button = make("button", { type: "button", className: "mv-serie" });
      button.append(
        make("span", { text: `${series.modality} ${series.number ?? ""}`.trim() }),
        make("span", { text: series.description || series.body_part || series.kind }),
        make("small", { text: size }),
      );
      if (series.verdict.status !== "usable" || series.verdict.dropped) {
        const why = series.verdict.reasons.map((reason) => reason.text).join(" ");
        button.append(make("small", { className: "mv-warn", text: `⚠ ${series.verdict.status}` }));
        button.title = why;
      }
      button.addEventListener("click", () => this.desk.openSeries(series));
      this.seriesButtons.set(series.id, button);
      list.append(button);
    }
    return section("Series", list);
  }

  regionSection(document_) {
    const list = make("div", { className: "mv-regions" });
    for (const region of this.desk.masks.regions) list.append(this.regionRow(region));
    const opacity = make("input", {
      type: "range", min: "0", max: "100", value: String(this.desk.masks.opacity * 100),
      "aria-label": "Opacity of the masks",
    });
    opacity.addEventListener("input", () => this.desk.regions.setOpacity(Number(opacity.value) / 100));
    const label = make("label", { className: "mv-opacity", text: "Opacity" }, opacity);
    const refused = make("div", { className: "mv-refused" });
    for (const expert of document_.experts_refused) {
      refused.append(make("p", { text: `${expert.name} ${expert.status}: ${expert.reason}` }));
    }
    return section("Regions", list, label, refused);
  }

  regionRow(region) {
    const tick = make("input", { type: "checkbox", "aria-label": `Show ${region.label}` });
    tick.checked = this.desk.masks.visible.has(region.id);
    tick.addEventListener("change", () => this.desk.regions.toggle(region.id, tick.checked));
    const patch = make("span", { className: "mv-patch", "aria-hidden": "true" });
    patch.style.background = css(region.colour);
    const name = region.doubtful ? `${region.label} (doubtful)` : region.label;
    const jump = make("button", { type: "button", className: "mv-jump", text: name });
    jump.title = `Go to ${region.label}`;
    jump.disabled = region.series === null;
    jump.addEventListener("click", () => this.desk.show(region.id));
    const row = make("div", { className: "mv-region" }, tick, patch, jump);
    this.rows.set(region.id, { row, tick });
    return row;
  }

  missedSection(document_) {
    this.missed = make("ul", { className: "mv-missed" });
    this.refused = document_.not_shown;
    return section("Not looked at", this.missed);
  }

  /** Mark which series are on the screen. */
  current(ids, active) {
    for (const [id, button] of this.seriesButtons) {
      button.setAttribute("aria-pressed", String(ids.has(id)));
      button.classList.toggle("mv-active", id === active);
    }
  }

  /** Mark the selected region and the switches as they are. */
  regions() {
    const { masks } = this.desk;
    for (const [id, { row, tick }] of this.rows) {
      row.classList.toggle("mv-selected", id === masks.selected);
      tick.checked = masks.visible.has(id);
    }
  }

  /** Say what was not looked at so far. */
  looked(summary) {
    if (!this.missed) return;
    const rows = summary.series
      .filter((one) => one.shown < one.slices)
      .map((one) =>
        make("li", {
          text: `${one.description || "Series"}: ${one.slices - one.shown} of ${one.slices} not shown`,
        }),
      );
    for (const one of this.refused) {
      const text = `${one.modality} ${one.description}`.trim() || "Series";
      rows.push(make("li", { className: "mv-warn", text: `${text}: ${one.why}` }));
    }
    if (!rows.length) rows.push(make("li", { text: "Every slice was shown." }));
    this.missed.replaceChildren(...rows);
  }
}
