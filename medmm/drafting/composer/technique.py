"""Technique: what was acquired, as far as headers say, and which of it was measured or refused."""

from collections.abc import Iterator

import numpy as np

from medmm.drafting.cleaning import clean
from medmm.drafting.composer.lines import Line
from medmm.drafting.composer.view import View
from medmm.drafting.figures import decimals
from medmm.nouns import Evidence, ExpertRun, Series, geometry

# Cosine above which a stack counts as axial, coronal or sagittal and not as oblique (20 degrees).
STRAIGHT = 0.94
# Thickness and step that differ by less than this are one thing.
SAME_MM = 0.05


def technique(view: View) -> Iterator[Line]:
    """Sentences on what was acquired, how it was read, and what experts looked at."""
    yield from _acquired(view)
    yield from _contrast(view)
    yield from _slice_order(view)
    yield from _choice(view)
    yield from _repaired(view)
    yield from _refused(view)


def examination(view: View, series: Series) -> str:
    """An examination in words: "CT of the chest"."""
    modality = view.phrases.name("modalities", series.modality)
    part = "".join(char for char in series.body_part.upper() if char.isalnum())
    if not part:
        return modality
    named = view.phrases.name("body_parts", part, clean(series.body_part).lower())
    position = view.phrases.name("views", series.view.position, " ")
    if series.kind == "picture" and position.strip():
        return view.phrases.part("film", view=position, modality=modality, part=named)
    return view.phrases.part("what", modality=modality, part=named)


def _acquired(view: View) -> Iterator[Line]:
    """A sentence for each series that was measured; else for the usable ones, the first few."""
    shown = view.measured_series or view.case.study.usable[: view.rules.named_series]
    for series in shown:
        text, evidence = _series(view, series)
        if len(shown) > 1:
            name = view.series_name(series)
            text = view.phrases.part("technique-of", series=name, sentence=text)
        yield Line("Technique", view.phrases.finished(text), "recorded", evidence)


def _series(view: View, series: Series) -> tuple[str, tuple[Evidence, ...]]:
    what = examination(view, series)
    evidence = [Evidence("header", "Modality", series.modality)]
    if series.body_part:
        evidence.append(Evidence("header", "BodyPartExamined", clean(series.body_part)))
    if series.shape:
        sizes = " × ".join(str(size) for size in series.shape)
        evidence.append(Evidence("header", "shape", f"{sizes} ({_axes(series)})"))
    text = _of_kind(view, series, what)
    if series.kind in ("volume", "4d") and series.spacing_mm:
        steps = " × ".join(decimals(step) for step in series.spacing_mm)
        evidence.append(Evidence("header", "spacing", f"{steps} mm (slice, row, column)"))
        thickness = series.header.get("SliceThickness", "")
        evidence += [Evidence("header", "SliceThickness", thickness)] if thickness else []
    if series.view.position:
        evidence.append(Evidence("header", "ViewPosition", series.view.position))
    return text, tuple(evidence)


def _axes(series: Series) -> str:
    names = ("slices", "rows", "columns", "times")
    own = names if series.kind in ("volume", "4d", "cine") else names[1:]
    return ", ".join(own[: len(series.shape)])


def _of_kind(view: View, series: Series, what: str) -> str:
    say, shape = view.phrases.part, series.shape
    if series.kind == "4d" and len(shape) > 3:
        return say("technique-times", what=what, count=str(shape[0]), times=str(shape[3]))
    if series.kind in ("volume", "4d") and len(shape) >= 3 and series.spacing_mm:
        step, rows, columns = (decimals(one) for one in series.spacing_mm[:3])
        orientation = view.phrases.name("orientations", _orientation(series))
        return say(
            "technique-volume",
            what=what, count=str(shape[0]), orientation=orientation, step=step,
            thick=_thick(view, series), rows=rows, columns=columns,
        )  # fmt: skip
    if series.kind == "cine" and len(shape) >= 3:
        count, rows, columns = (str(size) for size in shape[:3])
        return say("technique-frames", what=what, count=count, rows=rows, columns=columns)
    if series.kind == "picture" and len(shape) >= 2:
        key = "technique-picture" if series.spacing_mm else "technique-uncalibrated"
        return say(key, what=what, rows=str(shape[0]), columns=str(shape[1]))
    return say("technique-bare", what=what)


def _thick(view: View, series: Series) -> str:
    """The slice thickness where it differs from the step between slices."""
    try:
        thickness = float(series.header.get("SliceThickness", ""))
    except ValueError:
        return ""
    if not series.spacing_mm or thickness <= 0 or abs(thickness - series.spacing_mm[0]) < SAME_MM:
        return ""
    return view.phrases.part("technique-thick", thickness=decimals(thickness))


def _orientation(series: Series) -> str:
    if series.affine_lps is None:
        return ""
    affine = np.asarray(series.affine_lps, dtype=np.float64)
    normal = np.cross(affine[:3, 1], affine[:3, 2])
    cosines = np.abs(normal) / np.linalg.norm(normal)
    named = ("sagittal", "coronal", "axial")[int(np.argmax(cosines))]
    return named if cosines.max() >= STRAIGHT else "oblique"


def _contrast(view: View) -> Iterator[Line]:
    """What the header says of contrast; its silence is said, and is not called "without"."""
    shown = view.measured_series or view.case.study.usable
    asked = [one for one in shown if one.modality in view.rules.contrast_modalities]
    if not asked:
        return
    agents = list(dict.fromkeys(clean(one.header.get("ContrastBolusAgent", "")) for one in asked))
    named = [agent for agent in agents if agent]
    if named:
        text = view.phrases.say("contrast-named", agent=view.phrases.listing(named))
    else:
        text = view.phrases.say("contrast-unnamed")
    told = ", ".join(named) or "absent or empty"
    yield Line("Technique", text, "recorded", (Evidence("header", "ContrastBolusAgent", told),))


def _slice_order(view: View) -> Iterator[Line]:
    """How slices are counted, where a sentence will name one."""
    marked = [view.regions[ref] for ref in view.found_regions]
    keys = {one.series_key for one in marked if one.slice is not None}
    stacks = [one for one in view.measured_series if one.key in keys and one.kind == "volume"]
    if not stacks:
        return
    keys_said = {_direction(series) for series in stacks}
    key = keys_said.pop() if len(keys_said) == 1 else "slices-along"
    told = "Slice 1 is the first of the stored stack and of its masks."
    yield Line(
        "Technique", view.phrases.say(key), "recorded", (Evidence("platform", "slices", told),)
    )


def _direction(series: Series) -> str:
    if series.affine_lps is None:
        return "slices-along"
    affine = np.asarray(series.affine_lps, dtype=np.float64)
    if geometry.patient_axis(affine, "head") != 0:
        return "slices-along"
    return "slices-up" if geometry.grows_towards(affine, 0, "head") else "slices-down"


def _choice(view: View) -> Iterator[Line]:
    """Which series were measured and which were not, where there was a choice."""
    usable, measured = view.case.study.usable, view.measured_series
    if len(usable) < 2 or not measured:
        return
    together: dict[str, list[ExpertRun]] = {}
    for run in view.case.runs:
        if run.status == "ran":
            names = [view.series_name(one) for one in usable if one.key in run.series]
            together.setdefault(view.phrases.listing(names), []).append(run)
    for series, runs in together.items():
        experts = view.phrases.listing(list(dict.fromkeys(run.name for run in runs)))
        text = view.phrases.say("measured-on", experts=experts, series=series)
        told = [Evidence("platform", f"expert:{run.name}", run.reason or "ran") for run in runs]
        yield Line("Technique", text, "recorded", tuple(told))
    yield from _unmeasured(view, [one for one in usable if one not in measured])


def _unmeasured(view: View, series: list[Series]) -> Iterator[Line]:
    if not series:
        return
    names = [view.series_name(one) for one in series]
    if len(names) > view.rules.named_series:
        text = view.phrases.say("unmeasured-count", count=str(len(names)))
    else:
        key = "unmeasured-many" if len(names) > 1 else "unmeasured-one"
        text = view.phrases.say(key, series=view.phrases.listing(names))
    told = f"usable, and no expert ran on them: {', '.join(one.key for one in series)}"
    yield Line("Technique", text, "recorded", (Evidence("platform", "series", told),))


def _repaired(view: View) -> Iterator[Line]:
    shown = view.measured_series or view.case.study.usable
    for series in shown:
        if series.verdict.status != "repaired" or not series.verdict.reasons:
            continue
        reason = view.phrases.quoted(clean(series.verdict.sentence))
        text = view.phrases.say("repaired", series=view.series_name(series), reason=reason)
        yield Line("Technique", text, "recorded", (_verdict(series),))


def _refused(view: View) -> Iterator[Line]:
    """Refused series, those with one reason together."""
    by_reason: dict[str, list[Series]] = {}
    for series in view.case.study.series:
        if not series.usable:
            by_reason.setdefault(clean(series.verdict.sentence), []).append(series)
    for reason, group in by_reason.items():
        names = [view.series_name(one) for one in group]
        few = len(names) <= view.rules.named_series
        number = ("many" if len(names) > 1 else "one") if few else "count"
        text = view.phrases.say(
            f"refused-series-{number}",
            series=view.phrases.listing(names),
            count=str(len(names)),
            reason=view.phrases.quoted(reason),
        )
        yield Line("Technique", text, "recorded", tuple(_verdict(one) for one in group))


def _verdict(series: Series) -> Evidence:
    return Evidence("platform", f"series:{series.key}", clean(series.verdict.sentence))
