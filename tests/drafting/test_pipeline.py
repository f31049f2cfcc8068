"""From a study to a draft, whatever experts do on the way."""

import time
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from medmm.drafting.composer import Composer
from medmm.drafting.pipeline import Parts, measure, write_draft
from medmm.errors import CancelledError, ExpertError
from medmm.nouns import (
    Applicability,
    Draft,
    ExpertResult,
    Finding,
    Passage,
    Query,
    RunContext,
    Selection,
    Volume,
)
from tests.drafting.builders import (
    APPLIES,
    EFFUSION,
    ScriptedExpert,
    affine,
    lungs_result,
    measured,
    nodules_result,
    series,
    study,
    texts,
)


def experts(*parts: ScriptedExpert) -> dict[str, ScriptedExpert]:
    return {one.name: one for one in parts}


def drafted(tmp_path: Path, *parts: ScriptedExpert, **more: object) -> Draft:
    made = Parts(experts(*parts), Composer())
    return write_draft(study(), made, scratch=tmp_path, **more)  # type: ignore[arg-type]


def lungs() -> ScriptedExpert:
    return ScriptedExpert("ct_lungs", lungs_result())


def nodules() -> ScriptedExpert:
    return ScriptedExpert("ct_nodule", nodules_result(), demonstrator=True)


def test_ids_are_unique_over_the_case_and_references_follow(tmp_path: Path) -> None:
    same_ids = ScriptedExpert("second", replace(lungs_result(), expert="second"))
    draft = drafted(tmp_path, lungs(), same_ids, nodules())
    assert [one.id for one in draft.regions] == ["r1", "r2", "r3", "r4", "r5"]
    assert [one.id for one in draft.measurements] == [f"m{n}" for n in range(1, 16)]
    by_id = {one.id: one for one in draft.regions}
    assert [by_id[one.region].label for one in draft.measurements[6:12]] == [
        *["right lung"] * 3, *["left lung"] * 3,
    ]  # fmt: skip
    (finding,) = draft.findings
    assert finding.regions == ("r5",)
    assert finding.measurements == ("m13", "m14", "m15")


def test_an_expert_that_fails_is_recorded_and_the_draft_goes_on(tmp_path: Path) -> None:
    broken = ScriptedExpert("ct_nodule", error=ZeroDivisionError("Doe^Jo"))
    draft = drafted(tmp_path, broken, lungs())
    runs = {run.name: run for run in draft.experts}
    assert runs["ct_lungs"].status == "ran"
    assert runs["ct_nodule"].status == "failed"
    assert "ZeroDivisionError" in runs["ct_nodule"].reason
    assert "Doe" not in runs["ct_nodule"].reason
    said = " ".join(texts(draft.statements, "Findings"))
    assert "ct_nodule failed and gave no result" in said
    assert "Lung nodules" in said
    assert "The right lung measures 2.35 L" in said


def test_our_own_errors_say_what_is_wrong(tmp_path: Path) -> None:
    broken = ScriptedExpert(error=ExpertError("The airway leaks.", "Use thinner slices."))
    (run,) = drafted(tmp_path, broken).experts
    assert run.reason == "The airway leaks. Use thinner slices."


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        ({"measurements": (measured("m1", "volume", float("nan"), "mL", "r1"),)}, "no number"),
        ({"measurements": (measured("m1", "volume", 3, "mL", "r9"),)}, "not there"),
        ({"measurements": (measured("m1", "volume", 3, "", "r1"),)}, "without a unit"),
        ({"measurements": (measured("m1", "a", 3, "mm"), measured("m1", "b", 3, "mm"))}, "2 times"),
        ({"findings": (Finding("f1", EFFUSION, "present", "x", regions=("r7",)),)}, "'r7'"),
        ({"findings": (Finding("f1", EFFUSION, "present", "x", 1.2),)}, "outside 0 to 1"),
        ({"regions": (replace(lungs_result().regions[0], series_uid="9.9"),)}, "series"),
    ],
)
def test_a_result_that_contradicts_itself_does_not_reach_the_draft(
    spoil: dict[str, object], word: str, tmp_path: Path
) -> None:
    bad = ScriptedExpert(result=replace(lungs_result(), **spoil))  # type: ignore[arg-type]
    draft = drafted(tmp_path, bad)
    assert draft.experts[0].status == "failed"
    assert word in draft.experts[0].reason
    assert draft.measurements == ()
    assert "Nothing in this study was assessed." in texts(draft.statements)


def test_cancelling_stops_the_draft(tmp_path: Path) -> None:
    with pytest.raises(CancelledError):
        drafted(tmp_path, lungs(), cancelled=lambda: True)


def test_an_expert_that_stops_because_it_was_asked_to_stops_the_draft(tmp_path: Path) -> None:
    asked: list[bool] = []

    def act(context: RunContext) -> None:
        asked.append(True)
        assert context.cancelled()
        raise CancelledError("Stopped.")

    with pytest.raises(CancelledError):
        drafted(
            tmp_path,
            ScriptedExpert(act=act, result=lungs_result()),
            cancelled=lambda: bool(asked),
        )


def test_no_time_left_is_a_failure_that_is_said_and_not_an_end(tmp_path: Path) -> None:
    def act(context: RunContext) -> None:
        assert context.deadline is not None
        while time.monotonic() < context.deadline:
            pass
        raise CancelledError("Late.")

    late = ScriptedExpert("slow", act=act, result=lungs_result())
    draft = drafted(tmp_path, late, lungs(), deadline_seconds=0.01)
    assert [run.status for run in draft.experts] == ["failed", "failed"]
    assert all("time" in run.reason for run in draft.experts)
    assert late.asked
    assert "Nothing in this study was assessed." in texts(draft.statements)


def test_seconds_are_given_by_stage(tmp_path: Path) -> None:
    seconds = drafted(tmp_path, lungs()).seconds
    assert list(seconds) == ["experts", "retrieve", "write", "check", "total"]
    assert seconds["total"] >= sum(seconds.values()) - seconds["total"]


def test_the_same_study_gives_the_same_draft(tmp_path: Path) -> None:
    first, second = (drafted(tmp_path, lungs(), nodules()) for _ in range(2))
    assert first.statements == second.statements
    assert first.measurements == second.measurements
    assert [one.id for one in first.statements] == [
        f"s{n}" for n in range(1, len(first.statements) + 1)
    ]


def test_checks_have_looked_at_every_statement(tmp_path: Path) -> None:
    draft = drafted(tmp_path, lungs(), nodules())
    assert {one.statement for one in draft.checks} <= {one.id for one in draft.statements}
    assert [one for one in draft.checks if one.result == "fail"] == []
    assert {one.state for one in draft.statements} == {"measured", "recorded"}


def test_pixels_are_given_back_and_loaded_once_for_experts_of_one_series(tmp_path: Path) -> None:
    loads: list[int] = []
    own = study(series(loads=loads), series(3, start_z=500.0, loads=loads))

    def both(_: object) -> list[Selection]:
        return [Selection((one,), APPLIES) for one in own.series]

    parts = experts(
        ScriptedExpert("a", replace(lungs_result(), expert="a")),
        ScriptedExpert("b", replace(lungs_result(), expert="b"), offer=both),
    )
    measure(own, parts, scratch=tmp_path)
    assert loads == [2, 3]
    assert not any("content" in vars(one) for one in own.series)


def test_pixels_are_given_back_even_when_an_expert_fails(tmp_path: Path) -> None:
    own = study()
    measure(own, experts(ScriptedExpert(error=ValueError("no"))), scratch=tmp_path)
    assert "content" not in vars(own.series[0])


def test_pixels_that_an_expert_looked_at_before_it_refused_are_given_back(tmp_path: Path) -> None:
    own = study()

    def look(_: object) -> list[Selection]:
        assert own.series[0].content is not None
        return [Selection(own.series, Applicability("refuses", "No lung in it."))]

    measure(own, experts(ScriptedExpert(offer=look)), scratch=tmp_path)
    assert "content" not in vars(own.series[0])


def test_twenty_drafts_in_one_process_leave_memory_flat(tmp_path: Path) -> None:
    shape = (60, 128, 128)

    def load() -> Volume:
        return Volume(np.ones(shape, dtype=np.float32), affine(), "HU")

    own = study(series(load=load, shape=shape))
    parts = Parts(experts(lungs(), nodules()), Composer())
    tracemalloc.start()
    try:
        sizes = []
        for _ in range(20):
            write_draft(own, parts, scratch=tmp_path)
            sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    one_volume = 4 * np.prod(shape)
    assert max(sizes[2:]) - sizes[1] < one_volume / 4


def test_each_expert_has_a_scratch_folder_of_its_own(tmp_path: Path) -> None:
    seen: list[Path] = []

    def act(context: RunContext) -> None:
        assert list(context.scratch.iterdir()) == []
        (context.scratch / "file").write_text("mine")
        seen.append(context.scratch)

    drafted(
        tmp_path,
        ScriptedExpert("a", replace(lungs_result(), expert="a"), act=act),
        ScriptedExpert("b", replace(lungs_result(), expert="b"), act=act),
    )
    assert len(set(seen)) == 2


def test_progress_names_who_measures(tmp_path: Path) -> None:
    told: list[str] = []
    drafted(tmp_path, lungs(), nodules(), progress=told.append)
    assert "ct_nodule measures (2 of 2)" in told


class Shelf:
    """A retriever over one passage; remembers what it was asked."""

    def __init__(self, error: Exception | None = None) -> None:
        self.asked: list[Query] = []
        self.error = error

    def retrieve(self, query: Query) -> list[Passage]:
        self.asked.append(query)
        if self.error:
            raise self.error
        kept = Passage(
            "p1", "Solid nodules over 8 mm: consider PET/CT.", "Fleischner", "2017", "chest-ct",
            "CC-BY", 0.8, True, "close",
        )  # fmt: skip
        return [kept, replace(kept, id="p2", text="Of the liver.", kept=False, why="far")]


def test_knowledge_is_asked_per_finding_and_quoted_as_reference(tmp_path: Path) -> None:
    shelf = Shelf()
    made = Parts(experts(lungs(), nodules()), Composer(), shelf)
    draft = write_draft(study(), made, scratch=tmp_path)
    assert [one.text for one in shelf.asked] == [
        "Pulmonary nodule of 17 mm",
        "Pulmonary nodule of 17 mm: follow-up and management",
    ]
    assert {one.domains for one in shelf.asked} == {("chest-ct", "general")}
    assert {(one.modality, one.body_part) for one in shelf.asked} == {("CT", "CHEST")}
    assert {one.codes[0].meaning for one in shelf.asked} == {"Pulmonary nodule"}
    assert [one.id for one in draft.retrieved] == ["p1", "p2"]
    quoted = [one for one in draft.statements if one.state == "reference"]
    assert [one.text for one in quoted] == [
        "Solid nodules over 8 mm: consider PET/CT (Fleischner, 2017, p1)."
    ]
    assert quoted[0].section == "References"
    assert quoted[0].evidence[0].ref == "p1"


def test_knowledge_that_fails_is_a_warning(tmp_path: Path) -> None:
    made = Parts(experts(nodules()), Composer(), Shelf(OSError("disk")))
    draft = write_draft(study(), made, scratch=tmp_path, warnings=["A plug-in is broken."])
    assert draft.warnings[0] == "A plug-in is broken."
    assert "knowledge could not be asked" in draft.warnings[1]
    assert draft.retrieved == ()


def test_an_expert_knows_why_its_stack_was_chosen(tmp_path: Path) -> None:
    thick = series(3, shape=(30, 40, 40), spacing=(5.0, 5.0, 5.0))
    own = study(series(2), thick)

    def offer(_: object) -> list[Selection]:
        return [Selection((one,), APPLIES) for one in own.series]

    result: ExpertResult = lungs_result()
    draft = write_draft(
        own,
        Parts(experts(ScriptedExpert(result=result, offer=offer)), Composer()),
        scratch=tmp_path,
    )
    (run,) = draft.experts
    assert run.series == ("1.2.3.2",)
    assert "2.5 mm" in run.reason
    said = texts(draft.statements, "Technique")
    assert "ct_lungs measured series 2." in said
    assert "Series 3 was not measured." in said
