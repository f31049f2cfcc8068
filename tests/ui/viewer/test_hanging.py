"""Which series hang where, for the kinds of study that most reads are of."""

from dataclasses import replace
from typing import Any

import numpy as np

from medmm.assembly.homes import OpenHome
from medmm.nouns import FilmView, Patient, Picture, Series, Study
from tests.records.builders import study
from tests.ui.viewer.desk import kept
from tests.ui.viewer.films import ct, picture_series
from tests.ui.viewer.seen import Seen


def hung(seen: Seen) -> list[tuple[str, str, int]]:
    """Description, plane and study of each viewport, from the left."""
    found = seen.do("viewer.ports.map((one) => [one.series.description, one.plane, one.study])")
    return [tuple(one) for one in found]


def film(uid: str, position: str, name: str) -> Series:
    values = np.arange(6400, dtype=np.uint16).reshape(80, 80)
    return picture_series(
        uid,
        Picture(values),
        modality="DX",
        body_part="CHEST",
        description=name,
        view=FilmView(position),
        number=1 if position == "LL" else 2,
    )


def times(home: OpenHome, uid: str, now: list[Series], before: list[Series]) -> list[Study]:
    """A study and its prior, both of one patient."""
    patient = Patient(id=f"H{uid}", name="DOE^J", birth_date="1950-01-01")
    prior = study(*before, patient=patient, uid=f"{uid}.1")
    return [kept(home, study(*now, patient=patient, uid=f"{uid}.2")), kept(home, prior)]


def test_chest_films_hang_frontal_first_and_the_priors_frontal_at_the_right(
    home: OpenHome, seen: Seen
) -> None:
    now = [film("2.1.1", "LL", "lateral"), film("2.1.2", "PA", "frontal")]
    current, prior = times(home, "2.1", now, [film("2.1.8", "LL", "old lateral"),
                                              film("2.1.9", "PA", "old frontal")])  # fmt: skip
    seen.open(current.id)
    assert [name for name, _, _ in hung(seen)] == ["frontal", "lateral"]
    seen.press("p")
    assert [name for name, _, _ in hung(seen)] == ["frontal", "lateral", "old frontal"]
    assert hung(seen)[2][2] == prior.id


def test_ct_hangs_three_planes_and_the_priors_same_kernel(home: OpenHome, seen: Seen) -> None:
    def kernel(uid: str, name: str, **more: Any) -> Series:
        header = {"Manufacturer": "Maker", "ConvolutionKernel": name}
        return ct(uid, header=header, description=name, **more)

    now = [kernel("2.2.1", "B70f", slices=20), kernel("2.2.2", "B30f", slices=10)]
    before = [kernel("2.2.8", "B30f", slices=40), kernel("2.2.9", "B70f", slices=30)]
    current, prior = times(home, "2.2", now, before)
    seen.open(current.id)
    assert [(name, plane) for name, plane, _ in hung(seen)] == [
        ("B70f", "stored"), ("B70f", "coronal"), ("B70f", "sagittal"),
    ]  # fmt: skip
    seen.press("p")
    assert hung(seen) == [("B70f", "stored", current.id), ("B70f", "stored", prior.id)]


def test_mr_hangs_four_sequences_by_name_and_pages_on(home: OpenHome, seen: Seen) -> None:
    names = ["T2", "FLAIR", "DWI", "T1 post", "T1"]
    series = [
        replace(ct(f"2.3.{at}", description=name, slices=6 + at), modality="MR", number=at)
        for at, name in enumerate(names, start=1)
    ]
    one = kept(home, study(*series, uid="2.3"))
    seen.open(one.id)
    assert [name for name, _, _ in hung(seen)] == ["DWI", "FLAIR", "T1", "T1 post"]
    seen.press(".")
    assert [name for name, _, _ in hung(seen)] == ["T2"]
    seen.press(",", "PageDown")  # the next series of the study in the active viewport
    assert [name for name, _, _ in hung(seen)][1:] == ["FLAIR", "T1", "T1 post"]


def test_anything_else_hangs_its_first_series_alone(home: OpenHome, seen: Seen) -> None:
    made = replace(film("2.4.1", "", "photograph"), modality="XC", body_part="SKIN")
    one = kept(home, study(made, uid="2.4"))
    seen.open(one.id)
    assert hung(seen) == [("photograph", "stored", one.id)]
    seen.press("ArrowDown", "r", "2", "p")  # nothing of this is an error
    assert len(hung(seen)) == 1
