"""The written study is valid DICOM that independent readers place as it was made."""

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk  # noqa: N813

from medmm.demo.phantom import Phantom
from medmm.demo.study import uid, write_phantom, write_study
from medmm.demo.truth import Truth
from medmm.errors import StorageError

QUICK = (12, 96, 96)


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return Phantom(4, shape=QUICK)


@pytest.fixture(scope="module")
def folder(phantom: Phantom, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("demo") / "study"
    write_phantom(phantom, place)
    return place


def digest(folder: Path) -> str:
    whole = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        whole.update(path.name.encode() + path.read_bytes())
    return whole.hexdigest()


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(
    folder: Path, tmp_path: Path
) -> None:
    write_phantom(Phantom(4, shape=QUICK), tmp_path / "again")
    write_phantom(Phantom(6, shape=QUICK), tmp_path / "other")
    assert digest(tmp_path / "again") == digest(folder)
    assert digest(tmp_path / "other") != digest(folder)


def test_dciodvfy_finds_no_error(folder: Path, dcmtk: Path) -> None:
    for path in sorted(folder.iterdir())[:3]:
        done = subprocess.run(
            [dcmtk / "dciodvfy", path], capture_output=True, text=True, check=False
        )
        said = done.stdout + done.stderr
        assert "CTImage" in said
        assert "Error" not in said, said


def test_simpleitk_places_the_volume_as_the_phantom_does(folder: Path, phantom: Phantom) -> None:
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder))
    assert len(names) == QUICK[0]
    image = sitk.ReadImage(names)
    affine = phantom.grid.affine_lps
    for index in ((0, 0, 0), (95, 0, 0), (0, 95, 0), (0, 0, 11), (95, 95, 11)):
        column, row, number = index
        ours = affine[:3, :3] @ (number, row, column) + affine[:3, 3]
        assert np.abs(np.array(image.TransformIndexToPhysicalPoint(index)) - ours).max() < 1e-4
    assert np.array_equal(sitk.GetArrayFromImage(image), phantom.volume())


def test_file_names_do_not_follow_the_slices(folder: Path) -> None:
    images = [pydicom.dcmread(path, stop_before_pixels=True) for path in sorted(folder.iterdir())]
    heights = [float(image.ImagePositionPatient[2]) for image in images]
    assert heights != sorted(heights)
    assert heights != sorted(heights, reverse=True)
    numbers = [int(image.InstanceNumber) for image in images]
    assert sorted(numbers) == list(range(1, QUICK[0] + 1))


def test_identifiers_are_synthetic_consistent_and_under_2_25(folder: Path) -> None:
    images = [pydicom.dcmread(path, stop_before_pixels=True) for path in folder.iterdir()]
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "PatientID"):
        assert len({str(image[keyword].value) for image in images}) == 1
    sops = {image.SOPInstanceUID for image in images}
    assert len(sops) == QUICK[0]
    first = images[0]
    for one in (*sops, first.StudyInstanceUID, first.SeriesInstanceUID):
        assert one.is_valid
        assert one.startswith("2.25.")
    assert str(first.PatientName) == "Phantom^Made By Code"
    assert first.PatientID == "MEDMM-DEMO"
    assert first.PatientPosition == "HFS"
    assert first.file_meta.TransferSyntaxUID == pydicom.uid.ExplicitVRLittleEndian
    assert (first.BitsAllocated, first.BitsStored, first.HighBit) == (16, 12, 11)
    assert (first.RescaleIntercept, first.RescaleSlope) == (-1024, 1)


def test_decimal_strings_fit_and_keep_a_thousandth_of_a_micrometre(
    folder: Path, phantom: Phantom
) -> None:
    for path in folder.iterdir():
        image = pydicom.dcmread(path, stop_before_pixels=True)
        number = QUICK[0] - int(image.InstanceNumber)
        for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"):
            assert all(len(value.original_string) <= 16 for value in image[keyword].value)
        position = np.array(image.ImagePositionPatient, dtype=float)
        assert np.abs(position - phantom.grid.slice_origin(number)).max() < 1e-6


def test_uids_differ_between_phantoms_and_parts() -> None:
    one, other = Phantom(1), Phantom(1, noise_hu=5)
    made = {uid(one, "study"), uid(one, "series"), uid(other, "study"), uid(one, "image", 1)}
    assert len(made) == 4
    assert uid(one, "study") == uid(Phantom(1), "study")


def test_progress_ends_with_all_slices_and_truth_is_the_phantoms(
    phantom: Phantom, tmp_path: Path
) -> None:
    seen: list[tuple[int, int]] = []
    truth = write_phantom(phantom, tmp_path, lambda done, all_: seen.append((done, all_)))
    assert seen[-1] == (QUICK[0], QUICK[0])
    assert truth == Truth.of(phantom)
    assert truth.nodule_laterality in ("left", "right")


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path, phantom: Phantom) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="cannot be written"):
        write_study(tmp_path / "file")


def test_importing_the_study_costs_no_heavy_import() -> None:
    code = (
        "import sys, medmm.demo.study, medmm.demo.comparison;"
        "heavy = ('pydicom', 'SimpleITK', 'torch', 'nibabel');"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
