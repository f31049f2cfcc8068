"""Every real file gives a draft or a reason; none gives a traceback."""

from pathlib import Path

import pydicom.data
import pytest

from medmm.assembly.drafting import draft
from medmm.assembly.reading import read_all
from medmm.errors import InputError

FOLDERS = ["charset", "mr_dcm_qa", "nema_wg04", "odd_dicom", "pydicom_data", "us"]


def draft_or_reason(path: Path) -> str:
    """The word for what became of one file: drafted, refused or skipped."""
    found, problems = read_all([path])
    assert not problems
    assert len(found.studies) <= 1
    for study in found.studies:
        assert all(one.verdict.reasons for one in study.series if not one.usable)
        if not study.usable:
            with pytest.raises(InputError, match=r"No series of this study can be used\. .{20}"):
                draft(study)
            return "refused"
        try:
            made = draft(study)
        except InputError:  # its pixels turned out unreadable
            return "refused"
        assert made.statements
        assert all(statement.evidence for statement in made.statements)
        assert not [one for one in made.statements if one.state == "contradicted"]
        assert {run.status for run in made.experts} <= {"ran", "refused"}
        return "drafted"
    assert found.skipped
    assert all(dropped.reason for dropped in found.skipped)
    return "skipped"


@pytest.mark.parametrize("name", FOLDERS)
def test_each_file_of_the_data_is_drafted_or_refused_with_a_reason(
    name: str, data_folder: Path
) -> None:
    files = [path for path in sorted((data_folder / name).rglob("*")) if path.is_file()]
    outcomes = [draft_or_reason(path) for path in files]
    assert outcomes.count("drafted") >= 2


def test_each_file_that_pydicom_ships_is_drafted_or_refused_with_a_reason() -> None:
    shipped = Path(pydicom.data.__file__).parent
    files = [path for path in sorted(shipped.rglob("*")) if path.is_file()]
    outcomes = [draft_or_reason(path) for path in files if path.suffix not in (".py", ".pyc")]
    assert outcomes.count("drafted") >= 50


@pytest.mark.parametrize(
    ("folder", "refusing"),
    [("ct_phantom_series", True), ("ct_abdomen/dicom", True), ("ct_head_tilted", None)],
)
def test_the_chest_experts_refuse_what_is_no_chest(
    folder: str, refusing: bool | None, data_folder: Path
) -> None:
    found, _ = read_all([data_folder / folder])
    [study] = found.studies
    if refusing is None:
        assert not study.usable
        return
    made = draft(study)
    assert {run.status for run in made.experts} == {"refused"}
    assert all(run.reason for run in made.experts)
    assert not made.measurements
    assert any("was assessed" in statement.text for statement in made.statements)
