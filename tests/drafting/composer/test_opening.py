"""Indication, Technique and Comparison: what the order, the headers and the platform say."""

from dataclasses import replace

import pytest

from medmm.drafting.composer import Composer
from medmm.nouns import Case, FilmView, Reason, Statement, Verdict
from tests.drafting.builders import (
    case,
    film,
    lungs_result,
    nodules_result,
    prior,
    ran,
    refused,
    series,
    study,
    texts,
)


def write(of: Case, section: str) -> list[Statement]:
    return [one for one in Composer().write(of) if one.section == section]


def technique(*parts: object) -> list[str]:
    return texts(Composer().write(Case(study(*parts), ())), "Technique")  # type: ignore[arg-type]


def test_an_indication_is_the_orders_own_words_cleaned() -> None:
    (one,) = write(case(indication="  cough\u202e for\n six  weeks\x07 "), "Indication")
    assert one.text == "Cough for six weeks."
    assert (one.state, one.evidence[0].kind) == ("recorded", "order")


@pytest.mark.parametrize("indication", [None, "", " \n\u200b "])
def test_no_indication_is_no_sentence(indication: str | None) -> None:
    assert write(case(indication=indication), "Indication") == []


def test_a_volume_is_described_by_its_geometry() -> None:
    assert technique(series())[0] == (
        "CT of the chest: 60 axial slices, 2.5 mm apart, with pixels of 7 × 7 mm."
    )


def test_a_thickness_that_differs_from_the_step_is_said() -> None:
    assert "2.5 mm apart and 5 mm thick" in technique(series(header={"SliceThickness": "5.0"}))[0]
    assert "thick" not in technique(series(header={"SliceThickness": "2.50"}))[0]


def test_contrast_is_what_the_header_says_and_its_silence_is_no_absence() -> None:
    named = technique(series(header={"ContrastBolusAgent": "Iohexol 350"}))
    assert "The header's entry for the contrast agent is Iohexol 350." in named
    silent = technique(series())
    assert "The header names no contrast agent." in silent
    assert not any("without contrast" in line.lower() for line in silent)


def test_a_film_without_calibration_says_that_no_lengths_are_given() -> None:
    (line,) = technique(film(view=FilmView("PA")))
    assert line.startswith("Posteroanterior radiograph of the chest, 2000 × 1800 pixels")
    assert "no lengths" in line


def test_an_unknown_modality_and_body_part_are_said_as_they_stand() -> None:
    odd = series(modality="XYZ", body_part="Toe", kind="document", shape=(), spacing_mm=None)
    assert technique(odd)[0] == "XYZ of toe."


def test_refused_series_are_named_with_their_reason_once() -> None:
    lines = technique(series(), refused(3), refused(4), refused(5, "It holds two patients."))
    assert "Series 3 and series 4 were not used: the slices are not evenly spaced." in lines
    assert "Series 5 was not used: it holds two patients." in lines


def test_many_refused_series_are_counted() -> None:
    lines = technique(series(), *(refused(n) for n in range(10, 30)))
    assert "20 series were not used: the slices are not evenly spaced." in lines


def test_a_repair_is_said() -> None:
    verdict = Verdict("repaired", (Reason("tilt", "The gantry was tilted by 4 degrees."),))
    lines = technique(series(verdict=verdict))
    assert "Series 2 was repaired when it was read: the gantry was tilted by 4 degrees." in lines


def test_series_without_numbers_are_named_by_place() -> None:
    result = lungs_result()
    own = study(series(2), replace(series(3), number=2))
    lines = texts(
        Composer().write(replace(case(result, of=own), runs=(ran(result, ("1.2.3.3",)),))),
        "Technique",
    )
    assert "ct_lungs measured stack 2 of the study." in lines
    assert "Stack 1 of the study was not measured." in lines


def test_how_slices_are_counted_is_said_where_a_slice_is_named() -> None:
    upwards = texts(Composer().write(case(nodules_result())), "Technique")
    assert "Slices are counted upwards from the lowest one, which is slice 1." in upwards
    none = texts(Composer().write(case(lungs_result())), "Technique")
    assert not any("counted" in line for line in none)


def test_no_prior_is_said() -> None:
    (one,) = write(case(), "Comparison")
    assert (one.text, one.state) == ("No prior study was available.", "recorded")


@pytest.mark.parametrize(
    ("date", "said"),
    [
        ("2025-09-10", "Compared with the CT of the chest of 10 September 2025, 6 months earlier."),
        ("2026-03-07", "Compared with the CT of the chest of 7 March 2026, 7 days earlier."),
        ("2026-03-14", "Compared with the CT of the chest of the same day."),
        ("2026-04-14", "Compared with the CT of the chest of 14 April 2026, 4 weeks later."),
        ("", "Compared with a CT of the chest at an unknown interval."),
    ],
)
def test_a_prior_is_named_with_its_date_and_distance(date: str, said: str) -> None:
    (one,) = write(case(lungs_result(), prior=prior(date=date)), "Comparison")
    assert one.text == said
    assert one.evidence[0].kind == "prior"
