"""The main job by command and from Python: a study becomes a recorded draft and is found again."""

import json
import os
from pathlib import Path

import nibabel
import numpy as np
import pydicom

import medmm
from medmm.demo.phantom import Phantom
from medmm.demo.study import write_phantom
from tests.conftest import Medmm

STATES = {
    "measured", "recorded", "supported", "unsupported", "contradicted", "reference", "written",
}  # fmt: skip


def test_a_study_becomes_a_recorded_draft_that_is_found_again(
    medmm_command: Medmm, small_study: Path
) -> None:
    draft = medmm_command.json("draft", small_study, "--indication", "Cough for six weeks")
    assert draft["version"] == 1
    assert draft["status"] == "draft"
    statements = [item for section in draft["sections"] for item in section["statements"]]
    assert {item["state"] for item in statements} <= STATES
    assert all(item["evidence"] for item in statements)
    names = {(item["name"], item["unit"]) for item in draft["measurements"]}
    assert ("volume", "mL") in names
    assert {"read", "experts", "retrieve", "write", "check", "total"} <= set(draft["seconds"])

    number = draft["report_id"]
    assert [row["id"] for row in medmm_command.json("reports", "list")["reports"]] == [number]
    assert medmm_command.json("reports", "show", number)["sections"] == draft["sections"]
    hits = medmm_command.json("reports", "search", '"right lung"')["reports"]
    assert [hit["id"] for hit in hits] == [number]
    assert not medmm_command.json("reports", "search", "pneumothoraces")["reports"]
    assert "[s1] " in medmm_command("reports", "show", number, "--text").stdout
    assert medmm_command.json("db", "check")["ok"]


def test_masks_lie_on_the_grid_that_convert_writes(
    medmm_command: Medmm, small_study: Path, tmp_path: Path
) -> None:
    draft = medmm_command.json("draft", small_study)
    converted = medmm_command.json("convert", small_study, tmp_path / "out", "--to", "nifti")
    image = nibabel.load(converted["series"][0]["output"])
    masks = [region for region in draft["regions"] if region["mask"]]
    assert {region["label"] for region in masks} >= {"right lung", "left lung"}
    for region in masks:
        mask = nibabel.load(region["mask"])
        assert mask.shape == image.shape
        assert mask.get_data_dtype() == np.uint8
        np.testing.assert_allclose(mask.affine, image.affine, atol=1e-4)
        values = np.asarray(mask.dataobj)
        assert set(np.unique(values)) == {0, 1}


def test_right_is_the_patients_right(medmm_command: Medmm, small_study: Path) -> None:
    draft = medmm_command.json("draft", small_study)
    centres = {}
    for region in draft["regions"]:
        if region["label"] in ("right lung", "left lung"):
            mask = nibabel.load(region["mask"])
            inside = np.argwhere(np.asarray(mask.dataobj)).mean(axis=0)
            centres[region["label"]] = (mask.affine @ [*inside, 1])[0]
    # NIfTI's x grows to the patient's right-to-left as RAS: larger is more to the patient's right.
    assert centres["right lung"] > centres["left lung"]


def test_ingesting_twice_changes_nothing(medmm_command: Medmm, small_study: Path) -> None:
    first = medmm_command.json("ingest", small_study)
    second = medmm_command.json("ingest", small_study)
    assert [study["id"] for study in first["studies"]] == [
        study["id"] for study in second["studies"]
    ]
    assert second["studies"][0]["new"] == 0
    assert len(medmm_command.json("studies")["studies"]) == 1
    shown = medmm_command.json("study", first["studies"][0]["id"])
    assert len(shown["series"]) == 1


def test_a_study_by_number_and_by_uid_gives_the_same_draft(
    medmm_command: Medmm, small_study: Path
) -> None:
    stored = medmm_command.json("ingest", small_study)["studies"][0]
    by_number = medmm_command.json("draft", stored["id"])
    by_uid = medmm_command.json("draft", stored["study_uid"])
    for document in (by_number, by_uid):
        for volatile in ("report_id", "seconds", "experts"):
            document.pop(volatile)
    assert by_number == by_uid


def earlier_study(folder: Path, patient: str) -> Path:
    """Another phantom, a year before the small study."""
    write_phantom(Phantom(seed=2, shape=(42, 128, 128)), folder)
    for path in folder.iterdir():
        dataset = pydicom.dcmread(path)
        dataset.PatientID = patient
        dataset.StudyDate = "20230102"
        dataset.save_as(path)
    return folder


def test_a_prior_is_compared(medmm_command: Medmm, small_study: Path, tmp_path: Path) -> None:
    earlier = earlier_study(tmp_path / "earlier", "MEDMM-DEMO")
    draft = medmm_command.json("draft", small_study, "--prior", earlier)
    kinds = {
        evidence["kind"]
        for section in draft["sections"]
        for item in section["statements"]
        for evidence in item["evidence"]
    }
    assert "prior" in kinds
    states = [item["state"] for section in draft["sections"] for item in section["statements"]]
    assert "contradicted" not in states


def test_a_prior_of_another_patient_or_a_later_one_is_refused(
    medmm_command: Medmm, small_study: Path, tmp_path: Path
) -> None:
    other = earlier_study(tmp_path / "other", "SOMEBODY-ELSE")
    ran = medmm_command("draft", small_study, "--prior", other, code=3)
    assert "another patient" in ran.stderr
    earlier = earlier_study(tmp_path / "earlier", "MEDMM-DEMO")
    assert "later" in medmm_command("draft", earlier, "--prior", small_study, code=3).stderr
    assert "own prior" in medmm_command("draft", earlier, "--prior", earlier, code=3).stderr
    assert medmm_command.json("reports", "list")["reports"] == []


def test_the_five_lines_of_python(small_study: Path, tmp_path: Path) -> None:
    home = medmm.open_home(tmp_path / "home")
    study = medmm.read(small_study)
    draft = medmm.draft(study, home=home)
    answer = medmm.ask(study, "Is there an effusion?", home=home)
    assert draft.report_id == 1
    assert answer.state == "recorded"
    assert "not assessed" in answer.text


def test_a_draft_without_a_home_keeps_nothing_but_its_own_masks(small_study: Path) -> None:
    draft = medmm.draft(medmm.read(small_study))
    paths = [Path(region.mask_path) for region in draft.regions if region.mask_path]
    assert paths
    assert all(path.is_file() for path in paths)
    assert draft.report_id is None
    del draft
    assert not any(path.exists() for path in paths)


def test_json_is_alone_on_stdout_and_messages_on_stderr(
    medmm_command: Medmm, small_study: Path
) -> None:
    ran = medmm_command("draft", small_study, "--json", "-v")
    json.loads(ran.stdout)
    assert ran.stderr


def test_the_whole_job_on_postgresql(
    medmm_command: Medmm, small_study: Path, postgres_url: str
) -> None:
    env = {**os.environ, "MEDMM_DATABASE_URL": postgres_url}
    number = medmm_command.json("draft", small_study, env=env)["report_id"]
    hits = medmm_command.json("reports", "search", '"right lung"', env=env)["reports"]
    assert [hit["id"] for hit in hits] == [number]
    assert medmm_command.json("reports", "show", number, env=env)["report_id"] == number
    assert medmm_command.json("db", "check", "--hashes", env=env)["ok"]
    assert not (medmm_command.home / "medmm.db").exists()
