"""Real files: geometry and values as independent converters found them, and no file ends badly."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np
import pydicom
import pytest
import SimpleITK

from medmm.dicom.reader import DicomReader
from medmm.errors import MedmmError
from medmm.nouns import Cine, Facts, Picture, Series, Volume, Waveform
from medmm.nouns.geometry import to_index

CONVERTED = {
    "ct_abdomen/dicom": "ct_abdomen/dicom_ref_dcm2niix.json",
    "ct_phantom_series/philips_head_phantom_5mm": (
        "ct_phantom_series/philips_head_phantom_5mm_ref.json"
    ),
    "mr_dcm_qa/ge_epi_nih/mr_0004": "mr_dcm_qa/ge_epi_nih/mr_0004_ref.json",
    "mr_brain/pgbm003_11-T1post-18670": "mr_brain/pgbm003_11-T1post-18670_ref.json",
    "mr_dcm_qa/decubitus/HFDR_t1": "mr_dcm_qa/decubitus/HFDR_t1_ref.json",
}
FOLDERS = (
    "charset",
    "ct_abdomen/dicom",
    "ct_head_tilted",
    "ct_lung_nodule",
    "ct_phantom_series",
    "dcmqi",
    "ecg",
    "highdicom_test_files",
    "hostile",
    "mammo",
    "mr_brain",
    "mr_dcm_qa",
    "nema_wg04",
    "odd_dicom",
    "pet",
    "phi_fake",
    "pydicom_data",
    "rt",
    "sr",
    "us",
    "wsi",
    "xa",
)


T = TypeVar("T")
READER = DicomReader()
"""One for all tests, so that its decoding process starts once."""


def read(path: Path) -> list[Series]:
    return list(READER.read(path, Facts()))


@pytest.mark.parametrize(("folder", "reference"), CONVERTED.items(), ids=CONVERTED.keys())
def test_voxels_lie_and_mean_what_dcm2niix_says(
    folder: str, reference: str, data_folder: Path
) -> None:
    (converted,) = json.loads((data_folder / reference).read_text())["outputs"].values()
    (series,) = [one for one in read(data_folder / folder) if one.kind in ("volume", "4d")]
    assert series.usable, series.verdict
    volume = series.content
    assert isinstance(volume, Volume)
    to_ras = np.array(converted["affine"])
    for *voxel, value in converted["samples"]:
        x, y, z, _ = to_ras @ [*voxel[:3], 1.0]
        index = to_index(volume.affine_lps, [-x, -y, z])
        place = np.rint(index).astype(int)
        assert np.abs(index - place).max() < 0.01
        time = tuple(int(step) for step in voxel[3:])
        assert volume.array[(*place, *time)] == pytest.approx(value, abs=0.01)


def test_siemens_enhanced_frames_over_files_become_one_series_in_time(data_folder: Path) -> None:
    import nibabel

    folder = data_folder / "mr_dcm_qa" / "enhanced_siemens_xa10"
    (series,) = read(folder)
    assert (series.kind, series.shape) == ("4d", (6, 64, 64, 4))
    volume = series.content
    assert isinstance(volume, Volume)
    converted = nibabel.load(next((folder / "Ref").glob("*.nii")))
    _check_same_voxels(volume, converted.get_fdata(), converted.affine)


def test_philips_values_are_scaled_by_rescale_and_not_by_the_private_slope(
    data_folder: Path,
) -> None:
    """The reference took the private precise scaling: same places, proportional values."""
    import nibabel

    folder = data_folder / "mr_dcm_qa" / "philips_scale_magdeburg"
    (series,) = read(folder)
    volume = series.content
    assert isinstance(volume, Volume)
    converted = nibabel.load(next((folder / "Ref").glob("*.nii")))
    theirs = np.asarray(converted.get_fdata())
    dataset = pydicom.dcmread(next(folder.glob("*.dcm")))
    stored = dataset.pixel_array * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
    assert volume.array.max() >= stored.max() * 0.99
    _check_same_voxels(volume, theirs * float(volume.array.max() / theirs.max()), converted.affine)


def _check_same_voxels(volume: Volume, theirs: np.ndarray, to_ras: np.ndarray) -> None:  # type: ignore[type-arg]
    random = np.random.default_rng(0)
    for _ in range(300):
        voxel = [int(random.integers(size)) for size in theirs.shape]
        x, y, z, _one = to_ras @ [*voxel[:3], 1.0]
        index = to_index(volume.affine_lps, [-x, -y, z])
        place = np.rint(index).astype(int)
        assert np.abs(index - place).max() < 0.01
        time = tuple(voxel[3:])
        assert volume.array[(*place, *time)] == pytest.approx(theirs[tuple(voxel)], rel=1e-4)


def test_a_head_with_varying_steps_is_refused(data_folder: Path) -> None:
    (series,) = read(data_folder / "ct_head_tilted")
    assert series.verdict.status == "refused"
    assert series.verdict.reasons[0].code == "irregular_spacing"


def test_mosaics_are_refused_by_name(data_folder: Path) -> None:
    found = read(data_folder / "mr_dcm_qa" / "siemens_mosaic_nih")
    assert found
    assert {one.verdict.reasons[0].code for one in found} == {"mosaic"}


def test_emptied_identifiers_get_a_stable_uid_of_their_content(data_folder: Path) -> None:
    folder = data_folder / "ct_abdomen" / "dicom"
    first, second = read(folder)[0], read(folder)[0]
    assert first.origin.study_uid == second.origin.study_uid
    assert first.uid == second.uid
    for uid in (first.origin.study_uid, first.uid):
        assert pydicom.uid.UID(uid).is_valid


def test_overlapping_thickness_is_no_fault(data_folder: Path) -> None:
    (series,) = read(data_folder / "ct_abdomen" / "dicom")
    assert series.spacing_mm == pytest.approx((2.0, 0.976562, 0.976562), abs=1e-5)
    assert series.header["SliceThickness"] == "3"


def test_ecg_is_in_millivolts(data_folder: Path) -> None:
    rhythm, median = read(data_folder / "ecg" / "waveform_ecg.dcm")
    waveform = rhythm.content
    assert isinstance(waveform, Waveform)
    assert waveform.array.shape == (12, 10000)
    assert waveform.rate_hz == 1000
    assert waveform.leads[:3] == ("Lead I (Einthoven)", "Lead II", "Lead III")
    dataset = pydicom.dcmread(data_folder / "ecg" / "waveform_ecg.dcm")
    theirs = dataset.waveform_array(0).T
    unit = dataset.WaveformSequence[0].ChannelDefinitionSequence[0]
    factor = {"uV": 1e-3, "mV": 1.0}[unit.ChannelSensitivityUnitsSequence[0].CodeValue]
    np.testing.assert_allclose(waveform.array, theirs * factor, atol=1e-6)
    assert median.key != rhythm.key


def test_einthoven_holds_between_limb_leads(data_folder: Path) -> None:
    """Lead II is the sum of leads I and III, which no wrong gain would keep."""
    waveform = read(data_folder / "ecg" / "waveform_ecg.dcm")[0].content
    assert isinstance(waveform, Waveform)
    one, two, three = waveform.array[:3]
    assert np.abs(one + three - two).max() < 0.01


def test_cine_frames_and_calibrated_regions(data_folder: Path) -> None:
    by_name = {Path(one.files[0]).name: one for one in read(data_folder / "us")}
    cine = by_name["us_cine_12f_jpeg_regions.dcm"].content
    assert isinstance(cine, Cine)
    assert cine.array.shape[0] == 12
    assert cine.spacing_mm is not None
    picture = by_name["us_rgb_burned_in_fake_phi.dcm"].content
    assert isinstance(picture, Picture)
    assert picture.array.shape[2] == 3


def test_detector_spacing_is_not_called_the_patients(data_folder: Path) -> None:
    (series,) = read(data_folder / "mammo")
    picture = series.content
    assert isinstance(picture, Picture)
    assert picture.spacing_mm is None
    assert picture.detector_spacing_mm is not None
    assert (series.view.position, series.view.laterality) == ("CC", "L")


@pytest.mark.parametrize(
    ("name", "patient"),
    {
        "chrArab.dcm": "قباني^لنزار",
        "chrFren.dcm": "Buc^Jérôme",
        "chrGerm.dcm": "Äneas^Rüdiger",
        "chrRuss.dcm": "Люкceмбypг",
        "chrX1.dcm": "Wang^XiaoDong=王^小東",
        "chrH31.dcm": "Yamada^Tarou=山田^太郎=やまだ^たろう",
        "chrI2.dcm": "Hong^Gildong=洪^吉洞=홍^길동",
    }.items(),
)
def test_names_are_decoded_by_their_character_set(
    name: str, patient: str, data_folder: Path
) -> None:
    (series,) = read(data_folder / "charset" / name)
    assert series.origin.patient.name.startswith(patient)


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_file_gives_a_series_or_a_reason(folder: str, data_folder: Path) -> None:
    found = 0
    for path in sorted((data_folder / folder).rglob("*")):
        if path.is_file():
            found += sum(1 for _ in _outcomes(path))
    assert found
    for series in read(data_folder / folder):
        assert series.usable or series.verdict.reasons


def _outcomes(path: Path) -> Iterator[object]:
    """What became of a file and of what it holds; anything but a reason is let through."""
    found = _or_reason(lambda: read(path))
    if isinstance(found, MedmmError):
        yield found
        return
    for series in found:
        assert series.usable or series.verdict.reasons[0].text
        content = _or_reason(series.load)
        assert series.usable or isinstance(content, MedmmError)
        if isinstance(content, Volume | Picture | Cine):
            assert content.array.shape == series.shape
        yield content


def _or_reason(act: Callable[[], T]) -> T | MedmmError:
    try:
        return act()
    except MedmmError as error:
        return error


def test_every_file_of_the_pydicom_wheel_gives_a_series_or_a_reason() -> None:
    root = Path(pydicom.__file__).parent / "data"
    outcomes = [
        one for path in sorted(root.rglob("*")) if path.is_file() for one in _outcomes(path)
    ]
    assert sum(isinstance(one, Picture | Cine | Volume | Waveform) for one in outcomes) > 40


@pytest.mark.parametrize(
    "folder",
    [
        "ct_abdomen/dicom",
        "mr_dcm_qa/decubitus/HFDR_t1",
        "dcmqi/segmentations/ct-3slice",
        "mr_brain",
    ],
)
def test_geometry_and_values_agree_with_simpleitk(folder: str, data_folder: Path) -> None:
    volumes = [one for one in read(data_folder / folder) if one.kind == "volume" and one.usable]
    assert volumes
    for series in volumes:
        volume = series.content
        assert isinstance(volume, Volume)
        theirs = SimpleITK.ReadImage(list(series.files))
        differing = volume.array != SimpleITK.GetArrayFromImage(theirs)
        assert not differing[... if volume.padding is None else ~volume.padding].any()
        depth, rows, columns = volume.array.shape
        for index in [(0, 0, 0), (depth - 1, 0, columns - 1), (depth - 1, rows - 1, 0)]:
            mm = theirs.TransformIndexToPhysicalPoint(index[::-1])
            np.testing.assert_allclose(to_index(volume.affine_lps, mm), index, atol=0.01)
