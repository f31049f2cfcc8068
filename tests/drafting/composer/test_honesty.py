"""Over many cases: every sentence has evidence, every figure is somebody's, nothing is dropped."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medmm.drafting.composer import Composer
from medmm.drafting.figures import shown_measurement
from medmm.nouns import Case, ExpertResult, Measurement, Region, Statement
from tests.drafting.builders import (
    APPLIES,
    case,
    lungs_result,
    measured,
    nodule,
    nodules_result,
    not_run,
    prior,
    refused,
    series,
    study,
)

NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?")
TO_UNIT = {"L": Decimal("0.001")}
words = st.text("abcdefghij ", min_size=3, max_size=12).map(str.strip).filter(bool)


@st.composite
def strangers(draw: st.DrawFn) -> ExpertResult:
    """A third party's result with labels, names and units that no table knows."""
    regions, measurements = [], []
    for index in range(draw(st.integers(0, 3))):
        name = f"r{50 + index}"
        regions.append(Region(name, draw(words), "box", "1.2.3.2", "1.2.3.2"))
    places = [None, *(one.id for one in regions)]
    for index in range(draw(st.integers(0, 4))):
        off = draw(st.none() | st.floats(0.01, 50.0))
        measurements.append(
            measured(
                f"m{50 + index}",
                draw(words),
                draw(st.floats(0.01, 9e4)),
                draw(st.sampled_from(["mL", "mm", "%", "kPa", "[hnsf'U]", "mm2"])),
                draw(st.sampled_from(places)),
                off,
                doubtful=draw(st.booleans()),
                expert="stranger",
            )
        )
    return ExpertResult(
        "stranger", "1", APPLIES, (), tuple(regions), tuple(measurements), assessed=("something",)
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    results = []
    if draw(st.booleans()):
        results.append(lungs_result(left=draw(st.floats(200.0, 4000.0))))
    if draw(st.booleans()):
        sizes = draw(st.lists(st.floats(3.0, 60.0), min_size=1, max_size=6))
        results.append(nodules_result(*((size, size * 0.7) for size in sizes)))
    results.append(draw(strangers()))
    parts = [series(2, body_part=draw(st.sampled_from(["CHEST", "", "KNEE", "ABDOMEN"])))]
    parts += [refused(9)] if draw(st.booleans()) else []
    return replace(
        case(*results, of=study(*parts)),
        indication=draw(st.none() | words),
        prior=draw(st.sampled_from([None, prior(), prior(nodules=1), prior(left=2058.0)])),
    )


def measurements_of(of: Case) -> dict[str, Measurement]:
    return {one.id: one for result in of.results for one in result.measurements}


def allowed(statement: Statement, of: Case) -> set[Decimal]:
    """Every number that a measured sentence may say, worked out from its evidence alone."""
    now = measurements_of(of)
    before = {one.id: one for one in of.prior.measurements} if of.prior else {}
    regions = {one.id: one for result in of.results for one in result.regions}
    found = {one.id: one for result in of.results for one in result.findings}
    pointed = [now[e.ref] for e in statement.evidence if e.kind == "measurement"]
    old = [before[e.ref] for e in statement.evidence if e.kind == "prior" and e.ref in before]
    numbers = {Decimal(shown_measurement(one).number) for one in pointed + old}
    for one in statement.evidence:
        if one.kind == "finding":
            places = [regions[ref] for ref in found[one.ref].regions]
            numbers |= {Decimal(place.slice + 1) for place in places if place.slice is not None}
    for one, other in zip(pointed, old, strict=False):
        change = 100 * (one.value - other.value) / other.value
        numbers |= {
            Decimal(str(round(size, digits))) for size in (change, abs(change)) for digits in (0, 1)
        }
    return numbers


@settings(deadline=None, max_examples=80, derandomize=True)
@given(of=cases())
def test_every_number_of_a_measured_sentence_is_in_its_evidence(of: Case) -> None:
    labels = {one.label for result in of.results for one in result.regions}
    for one in Composer().write(of):
        if one.state != "measured":
            continue
        text = re.sub(r" in \d+ (days|weeks|months|years)", "", one.text)
        for label in labels:  # "cyst 2": a number among namesakes
            text = re.sub(rf"{re.escape(label)} \d+", label, text)
        said = {Decimal(number) for number in NUMBER.findall(text)}
        assert said <= allowed(one, of), one.text


@settings(deadline=None, max_examples=80, derandomize=True)
@given(of=cases())
def test_no_sentence_is_without_evidence_and_ids_are_in_order(of: Case) -> None:
    statements = Composer().write(of)
    assert [one.id for one in statements] == [f"s{n}" for n in range(1, len(statements) + 1)]
    for one in statements:
        assert one.evidence
        assert all(evidence.text for evidence in one.evidence)
        assert one.text[-1] == "."
        assert "  " not in one.text
        assert "{" not in one.text
    # Two places with the same figures may be told in the same words, but never one place twice.
    assert len({(one.text, one.evidence) for one in statements}) == len(statements)
    order = ["Indication", "Technique", "Comparison", "Findings", "Impression"]
    sections = [one.section for one in statements]
    assert sections == sorted(sections, key=order.index)


@settings(deadline=None, max_examples=80, derandomize=True)
@given(of=cases())
def test_nothing_that_was_measured_is_dropped(of: Case) -> None:
    held = {
        evidence.ref
        for one in Composer().write(of)
        if one.section == "Findings"
        for evidence in one.evidence
        if evidence.kind == "measurement"
    }
    assert held == set(measurements_of(of))


@settings(deadline=None, max_examples=60, derandomize=True)
@given(of=cases())
def test_sides_are_those_of_the_evidence(of: Case) -> None:
    now = measurements_of(of)
    regions = {one.id: one for result in of.results for one in result.regions}
    for one in Composer().write(of):
        refs = [now[e.ref].region for e in one.evidence if e.kind == "measurement"]
        sides = {regions[ref].laterality for ref in refs if ref}
        if one.state == "measured" and len(sides) == 1:
            assert ("right" in one.text) == (sides == {"right"})
            assert ("left" in one.text) == (sides == {"left"})


@settings(deadline=None, max_examples=30, derandomize=True)
@given(of=cases())
def test_the_same_case_gives_the_same_statements(of: Case) -> None:
    assert Composer().write(of) == Composer().write(of)


@pytest.mark.parametrize(
    "of",
    [
        Case(study(), ()),
        Case(study(refused(1)), (), (not_run("a", ""),)),
        Case(study(series(modality="", body_part="", shape=(), kind="document")), ()),
        case(ExpertResult("x", "1", APPLIES, regions=(nodule("r1"),))),
    ],
)
def test_a_case_with_next_to_nothing_is_still_a_report(of: Case) -> None:
    statements = Composer().write(of)
    assert {"Comparison", "Findings", "Impression"} <= {one.section for one in statements}
