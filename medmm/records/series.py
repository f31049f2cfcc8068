"""A series as a row of its table, and back."""

from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Any

from medmm.errors import InputError
from medmm.home import Home
from medmm.nouns import Content, Dropped, FilmView, Origin, Reason, Series, Verdict
from medmm.records.content import load_content
from medmm.records.tables import SeriesRow


def series_row(
    study_id: int, series: Series, content: dict[str, Any] | None, now: datetime
) -> SeriesRow:
    """A first revision of a series as a row; ``content`` is its description, None if refused."""
    spacing, affine = series.spacing_mm, series.affine_lps
    return SeriesRow(
        study_id=study_id,
        uid=series.uid,
        key=series.key,
        revision=1,
        modality=series.modality,
        body_part=series.body_part,
        kind=series.kind,
        status=series.verdict.status,
        verdict=asdict(series.verdict),
        description=series.description,
        number=series.number,
        shape=[int(size) for size in series.shape],
        spacing_mm=None if spacing is None else [float(gap) for gap in spacing],
        affine_lps=None if affine is None else [[float(one) for one in line] for line in affine],
        units=series.units,
        files=list(series.files),
        sop_uids=list(series.sop_uids),
        header=dict(series.header),
        view=asdict(series.view),
        content=content,
        created=now,
    )


def series_of(home: Home, row: SeriesRow, origin: Origin) -> Series:
    """The series that a row keeps; its content comes from the home when asked for."""
    verdict = _verdict(row.verdict)
    return Series(
        uid=row.uid,
        key=row.key,
        modality=row.modality,
        body_part=row.body_part,
        kind=row.kind,  # type: ignore[arg-type]  # written from the noun's own literal
        verdict=verdict,
        origin=origin,
        load=partial(_load, home, row.content, verdict),
        description=row.description,
        number=row.number,
        shape=tuple(row.shape),
        spacing_mm=None if row.spacing_mm is None else tuple(row.spacing_mm),
        affine_lps=(
            None if row.affine_lps is None else tuple(tuple(line) for line in row.affine_lps)
        ),
        units=row.units,
        files=tuple(row.files),
        sop_uids=tuple(row.sop_uids),
        header=dict(row.header),
        view=FilmView(**row.view | {"patient_orientation": tuple(row.view["patient_orientation"])}),
    )


def _load(home: Home, content: dict[str, Any] | None, verdict: Verdict) -> Content:
    if content is None:
        raise InputError(
            f"This series was refused, so none of it is kept. {verdict.sentence}".strip(),
            code=verdict.reasons[0].code if verdict.reasons else "refused",
        )
    return load_content(home, content)


def _verdict(kept: dict[str, Any]) -> Verdict:
    return Verdict(
        status=kept["status"],
        reasons=tuple(Reason(**reason) for reason in kept["reasons"]),
        dropped=tuple(Dropped(**dropped) for dropped in kept["dropped"]),
        max_deviation_mm=kept["max_deviation_mm"],
    )
