// Which series hang where, by the kind of study; each study has a few stages to step through.
// A stage is {name, layout, cells}, a cell {study, series, plane}; layouts are classes of viewer.css.

const FILMS = ["DX", "CR", "RF", "DR"];

const cell = (document_, series, plane = "stored") => ({
  study: document_.study.id, series, plane,
});

function voxels(series) {
  return series.shape.reduce((all, size) => all * size, 1);
}

/** The plane's name in the document: the stored slices where they are that plane. */
export function planeOf(series, name) {
  return series.stored_plane === name ? "stored" : name;
}

function hasPlanes(series) {
  return Boolean(series.planes.axial);
}

/** Chest films: frontal and lateral, the prior's frontal on the right. */
function films(document_, prior) {
  const chosen = document_.series.filter((one) => FILMS.includes(one.modality));
  const frontal = chosen.find((one) => ["PA", "AP"].includes(one.view.position)) ?? chosen[0];
  const lateral = chosen.find((one) => ["LL", "RL"].includes(one.view.position));
  const cells = [cell(document_, frontal)];
  if (lateral && lateral !== frontal) cells.push(cell(document_, lateral));
  const before = prior?.series.find(
    (one) => FILMS.includes(one.modality) && ["PA", "AP", ""].includes(one.view.position),
  );
  const stages = [{ name: "Films", layout: `across-${cells.length}`, cells }];
  if (before) {
    const beside = [...cells, cell(prior, before)];
    stages.unshift({ name: "With prior", layout: `across-${beside.length}`, cells: beside });
  }
  return stages;
}

/** CT: axial large with coronal and sagittal small; the prior's axial of the same kernel beside. */
function planes(document_, prior, first) {
  const three = {
    name: "Three planes",
    layout: "large-and-two",
    cells: ["axial", "coronal", "sagittal"].map((name) =>
      cell(document_, first, planeOf(first, name)),
    ),
  };
  const one = { name: "One", layout: "across-1", cells: [cell(document_, first)] };
  const stages = [three, one];
  const before = prior && sameKind(prior, first);
  if (before) {
    stages.unshift({
      name: "With prior",
      layout: "across-2",
      cells: [
        cell(document_, first, planeOf(first, "axial")),
        cell(prior, before, planeOf(before, "axial")),
      ],
    });
  }
  return stages;
}

/** The prior's series that is most like one: modality, then kernel, then size. */
function sameKind(prior, series) {
  const alike = prior.series.filter(
    (one) => one.modality === series.modality && hasPlanes(one) === hasPlanes(series),
  );
  const sameKernel = alike.filter((one) => one.kernel === series.kernel);
  return (sameKernel.length ? sameKernel : alike).sort((a, b) => voxels(b) - voxels(a))[0];
}

/** MR: up to four sequences. */
function sequences(document_) {
  const chosen = document_.series.filter((one) => one.modality === "MR");
  const byName = [...chosen].sort(
    (a, b) => a.description.localeCompare(b.description) || (a.number ?? 0) - (b.number ?? 0),
  );
  const stages = [];
  for (let at = 0; at < byName.length; at += 4) {
    const cells = byName.slice(at, at + 4).map((series) => cell(document_, series));
    const layout = cells.length > 2 ? "two-by-two" : `across-${cells.length}`;
    stages.push({ name: `Sequences ${at / 4 + 1}`, layout, cells });
  }
  const volume = chosen.filter(hasPlanes).sort((a, b) => voxels(b) - voxels(a))[0];
  if (volume) stages.push(planes(document_, null, volume)[0]);
  return stages;
}

function isChestFilm(series) {
  return FILMS.includes(series.modality) && /CHEST|THORAX|^$/i.test(series.body_part);
}

/** All stages of a study, the first being how it is opened. `prior` is another viewer document. */
export function hang(document_, prior = null) {
  const { series } = document_;
  if (!series.length) return [{ name: "Nothing", layout: "across-1", cells: [] }];
  const volumes = series.filter((one) => one.modality === "CT" && hasPlanes(one));
  if (volumes.length) {
    const first = volumes.sort((a, b) => voxels(b) - voxels(a))[0];
    return planes(document_, prior, first);
  }
  if (series.some(isChestFilm)) return films(document_, prior);
  if (series.some((one) => one.modality === "MR")) return sequences(document_);
  const stages = [{ name: "One", layout: "across-1", cells: [cell(document_, series[0])] }];
  const before = prior && sameKind(prior, series[0]);
  if (before) {
    const cells = [cell(document_, series[0]), cell(prior, before)];
    stages.unshift({ name: "With prior", layout: "across-2", cells });
  }
  return stages;
}

/** The newest prior of the same modality; the document lists them newest first. */
export function likelyPrior(document_) {
  const modalities = new Set(document_.series.map((one) => one.modality));
  return document_.priors.find((one) => one.modalities.some((name) => modalities.has(name))) ?? null;
}
