"""A chest film becomes a draft: as DICOM, as PNG, mirrored, and what is no film."""

from pathlib import Path

import numpy as np
import pydicom
from PIL import Image

import medmm
from tests.conftest import Medmm


def statements(draft: dict) -> list[str]:
    return [item["text"] for section in draft["sections"] for item in section["statements"]]


def test_a_dicom_film_is_outlined_measured_and_recorded(
    medmm_command: Medmm, film_folder: Path
) -> None:
    draft = medmm_command.json("draft", film_folder)
    masks = {region["label"]: region for region in draft["regions"]}
    assert set(masks) == {"right lung", "left lung"}
    stored = pydicom.dcmread(film_folder / "film.dcm")
    for side in ("right", "left"):
        region = masks[f"{side} lung"]
        assert region["laterality"] == side
        assert region["slice"] is None
        assert not region["doubtful"]
        assert 0.9 < region["confidence"] < 1
        mask = np.asarray(Image.open(region["mask"]))
        assert mask.shape == (stored.Rows, stored.Columns)
        assert set(np.unique(mask)) == {0, 255}
        x0, y0, x1, y1 = (int(edge) for edge in region["box"])
        assert mask[y0:y1, x0:x1].sum() == mask.sum()
    assert masks["right lung"]["box"][0] < masks["left lung"]["box"][0]
    units = {(one["name"], one["unit"]) for one in draft["measurements"]}
    assert ("area", "mm2") in units
    assert ("right lung share", "%") in units
    assert not [one for one in draft["checks"] if one["result"] == "fail"]
    assert {run["name"]: run["status"] for run in draft["experts"]}["cxr_lungs"] == "ran"
    assert any("follow the header's orientation" in text for text in statements(draft))
    assert medmm_command.json("db", "check")["ok"]


def test_a_computed_radiography_film_is_outlined_too(
    medmm_command: Medmm, film_folder: Path, tmp_path: Path
) -> None:
    film = pydicom.dcmread(film_folder / "film.dcm")
    film.SOPClassUID = film.file_meta.MediaStorageSOPClassUID = (
        pydicom.uid.ComputedRadiographyImageStorage
    )
    film.Modality, film.PhotometricInterpretation = "CR", "MONOCHROME1"
    film.PixelData = (4095 - film.pixel_array).astype("<u2").tobytes()
    film.save_as(tmp_path / "cr.dcm")
    draft = medmm_command.json("draft", tmp_path / "cr.dcm")
    plain = medmm_command.json("draft", film_folder)
    assert [one["label"] for one in draft["regions"]] == ["right lung", "left lung"]
    for one, other in zip(draft["regions"], plain["regions"], strict=True):
        assert np.abs(np.subtract(one["box"], other["box"])).max() <= 1


def test_a_picture_of_a_film_has_no_millimetres_and_says_whose_sides_these_are(
    medmm_command: Medmm, film_folder: Path, tmp_path: Path
) -> None:
    pixels = pydicom.dcmread(film_folder / "film.dcm").pixel_array
    path = tmp_path / "film.png"
    Image.fromarray((pixels // 16).astype(np.uint8)).save(path)
    draft = medmm_command.json("draft", path, "--modality", "DX", "--body-part", "CHEST")
    assert {one["unit"] for one in draft["measurements"]} == {"%"}
    texts = statements(draft)
    assert any("takes up" in text and "of the film" in text for text in texts)
    assert any("header does not give the film's orientation" in text for text in texts)
    assert any("age is not known" in text for text in texts)

    mirrored = tmp_path / "mirrored.png"
    Image.fromarray((pixels[:, ::-1] // 16).astype(np.uint8)).save(mirrored)
    draft = medmm_command.json("draft", mirrored, "--modality", "DX", "--body-part", "CHEST")
    assert all(one["doubtful"] for one in draft["regions"])
    assert any("looks mirrored" in text for text in statements(draft))
    assert any("doubtful" in text for text in statements(draft))


def test_what_is_no_film_gets_a_draft_that_says_why_nothing_was_measured(
    medmm_command: Medmm, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    path = tmp_path / "noise.png"
    Image.fromarray(rng.integers(0, 255, (300, 260)).astype(np.uint8)).save(path)
    draft = medmm_command.json("draft", path, "--modality", "DX", "--body-part", "CHEST")
    assert draft["regions"] == []
    [run] = [one for one in draft["experts"] if one["name"] == "cxr_lungs"]
    assert (run["status"], run["applicability"]) == ("refused", "refuses")
    assert "frontal chest film" in run["reason"]
    assert any("Nothing in this study was assessed" in text for text in statements(draft))


def test_from_python_a_film_is_asked_about(film_folder: Path) -> None:
    study = medmm.read(film_folder)
    answer = medmm.ask(study, "How large is the right lung?")
    assert "right lung" in answer.text.lower()
    assert answer.state == "measured"
    assert "did not run" not in answer.text
