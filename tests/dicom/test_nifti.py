"""NIfTI in keeps every voxel and where it is; NIfTI out is the closest RAS+ of the same voxels."""

import gzip
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK
from hypothesis import given, settings
from hypothesis import strategies as st

from medmm.dicom.hostile.budget import Budget
from medmm.dicom.nifti import NiftiReader, closest_ras, nifti_bytes
from medmm.errors import InputError, MedmmError, PixelError
from medmm.nouns import Facts, Series, Volume
from medmm.nouns.geometry import LPS_TO_RAS

CT = Facts("CT", "CHEST")
RAS = np.array([[-2.0, 0, 0, 50], [0, 1.5, 0, -60], [0, 0, 4.0, 10], [0, 0, 0, 1]])


def saved(
    folder: Path,
    data: np.ndarray,
    affine: np.ndarray = RAS,
    *,
    codes: tuple[int, int] = (1, 1),
    name: str = "made.nii",
    change=lambda header: None,
) -> Path:
    """A file in NIfTI's own order ``[i, j, k(, t)]``, its header by nibabel."""
    header = nib.Nifti1Header()
    header.set_data_dtype(data.dtype)
    header.set_data_shape(data.shape)
    header.set_zooms((*np.linalg.norm(affine[:3, :3], axis=0), *[1.0] * (data.ndim - 3)))
    header.set_sform(affine, code=codes[0])
    header.set_qform(affine, code=codes[1])
    header.set_xyzt_units("mm", "sec")
    header["vox_offset"], header["magic"] = 352, b"n+1"
    header["scl_slope"], header["scl_inter"] = 1, 0
    change(header)
    content = header.binaryblock + bytes(4) + data.tobytes("F")
    path = folder / name
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return path


def voxels(dtype: str = "int16", shape: tuple[int, ...] = (4, 5, 6)) -> np.ndarray:
    return np.arange(np.prod(shape)).reshape(shape).astype(dtype)


def read(path: Path, facts: Facts = CT) -> Series:
    (series,) = NiftiReader().read(path, facts)
    return series


def volume(path: Path, facts: Facts = CT) -> Volume:
    content = read(path, facts).content
    assert isinstance(content, Volume)
    return content


def refused(path: Path, facts: Facts = CT) -> str:
    series = read(path, facts)
    assert series.verdict.status == "refused"
    with pytest.raises(InputError):
        series.content  # noqa: B018
    return series.verdict.reasons[0].code


@pytest.mark.parametrize(
    "name",
    ["ct_lung_nodule/lung1_ct_ds2.nii.gz", "ct_abdomen/nifti/example_ct.nii.gz",
     "mr_brain/mni152_t1_2mm.nii.gz"],
)  # fmt: skip
def test_real_volumes_lie_where_simpleitk_says(data_folder: Path, name: str) -> None:
    path = data_folder / name
    ours = volume(path)
    image = SimpleITK.ReadImage(str(path))
    np.testing.assert_array_equal(ours.array, SimpleITK.GetArrayFromImage(image))
    for index in ((0, 0, 0), (3, 10, 20), tuple(size - 1 for size in ours.array.shape)):
        theirs = image.TransformIndexToPhysicalPoint(tuple(int(v) for v in index[::-1]))
        np.testing.assert_allclose((ours.affine_lps @ [*index, 1])[:3], theirs, atol=1e-3)


def test_a_ct_is_in_hounsfield_units_and_anything_else_is_not(tmp_path: Path) -> None:
    path = saved(tmp_path, voxels())
    assert volume(path).units == "HU"
    assert volume(path, Facts("MR", "HEAD")).units == "1"


@pytest.mark.parametrize(
    ("facts", "flag"),
    [(Facts(), "--modality and --body-part"), (Facts(modality="CT"), "--body-part"),
     (Facts(body_part="CHEST"), "--modality")],
)  # fmt: skip
def test_what_the_file_does_not_say_is_asked_for(tmp_path: Path, facts: Facts, flag: str) -> None:
    with pytest.raises(InputError, match=flag) as caught:
        read(saved(tmp_path, voxels()), facts)
    assert caught.value.code == "missing-facts"


def test_a_series_names_its_shape_and_files(tmp_path: Path) -> None:
    path = saved(tmp_path, voxels(), name="made.nii.gz")
    series = read(path)
    assert (series.kind, series.shape) == ("volume", (6, 5, 4))
    assert series.spacing_mm == (4.0, 1.5, 2.0)
    assert series.files == (str(path),)
    assert series.uid.startswith("2.25.")
    assert series.uid == read(path).uid
    assert series.uid != series.origin.study_uid


def test_time_comes_last(tmp_path: Path) -> None:
    data = voxels(shape=(4, 5, 6, 3))
    series = read(saved(tmp_path, data))
    assert (series.kind, series.shape) == ("4d", (6, 5, 4, 3))
    np.testing.assert_array_equal(series.content.array, data.transpose(2, 1, 0, 3))


@pytest.mark.parametrize(
    ("slope", "intercept", "dtype"),
    [(1, 0, "int16"), (0, 7, "int16"), (1, -1024, "int16"), (2, 5, "int16"), (0.5, 1, "float32")],
)
def test_the_slope_is_applied_and_integers_stay_integers(
    tmp_path: Path, slope: float, intercept: float, dtype: str
) -> None:
    data = voxels("uint16") + 300

    def change(header) -> None:
        header["scl_slope"], header["scl_inter"] = slope, intercept

    ours = volume(saved(tmp_path, data, change=change)).array
    expected = data.transpose(2, 1, 0) * (slope or 1.0) + (float(intercept) if slope else 0.0)
    np.testing.assert_array_equal(ours, expected)
    assert ours.dtype == dtype


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_no_numbers_are_refused(tmp_path: Path, value: float) -> None:
    data = voxels("float32")
    data[1, 2, 3] = value
    assert refused(saved(tmp_path, data)) == "not-finite"


def test_colours_and_complex_values_are_refused(tmp_path: Path) -> None:
    colours = np.zeros((4, 5, 6), np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")]))
    assert refused(saved(tmp_path, colours)) == "nifti-type"
    assert refused(saved(tmp_path, voxels("complex64"))) == "nifti-type"


def test_an_unset_orientation_is_refused_never_guessed(tmp_path: Path) -> None:
    assert refused(saved(tmp_path, voxels(), codes=(0, 0))) == "no-orientation"


def test_one_of_two_orientations_is_enough(tmp_path: Path) -> None:
    expected = volume(saved(tmp_path, voxels())).affine_lps
    for codes in ((1, 0), (0, 1)):
        found = volume(saved(tmp_path, voxels(), codes=codes)).affine_lps
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_two_orientations_that_disagree_are_refused(tmp_path: Path) -> None:
    moved = RAS.copy()
    moved[0, 3] += 5
    path = saved(tmp_path, voxels(), change=lambda header: header.set_sform(moved, code=1))
    assert refused(path) == "affines-disagree"


def test_of_two_spaces_the_scanners_is_taken_and_said(tmp_path: Path) -> None:
    moved = RAS.copy()
    moved[0, 3] += 5
    series = read(saved(tmp_path, voxels(), change=lambda header: header.set_sform(moved, code=4)))
    assert [reason.code for reason in series.verdict.reasons] == ["affines-differ"]
    assert series.affine_lps is not None
    assert series.affine_lps[0][3] == -50


def test_voxel_sizes_that_contradict_the_affine_are_refused(tmp_path: Path) -> None:
    def change(header) -> None:
        header["pixdim"][1] = 3.0
        header["qform_code"] = 0

    assert refused(saved(tmp_path, voxels(), change=change)) == "spacing"
    wrong = Facts("CT", "CHEST", (1.5, 9.0, 4.0))
    assert refused(saved(tmp_path, voxels()), wrong) == "spacing"
    assert read(saved(tmp_path, voxels()), Facts("CT", "CHEST", (1.5, 2.0, 4.0))).usable


def test_metres_become_millimetres(tmp_path: Path) -> None:
    in_metres = RAS.copy()
    in_metres[:3] /= 1000
    path = saved(
        tmp_path, voxels(), in_metres, change=lambda header: header.set_xyzt_units("meter", "sec")
    )
    np.testing.assert_allclose(read(path).spacing_mm, (4.0, 1.5, 2.0), rtol=1e-5)


@pytest.mark.parametrize("name", ["made.nii", "made.nii.gz"])
def test_a_file_that_is_cut_off_is_refused(tmp_path: Path, name: str) -> None:
    path = saved(tmp_path, np.random.default_rng(0).integers(0, 99, (20, 20, 20)).astype("i2"),
                 name=name)  # fmt: skip
    path.write_bytes(path.read_bytes()[:-200])
    assert refused(path) == "truncated"


def test_a_gzip_bomb_is_refused_before_it_inflates(tmp_path: Path) -> None:
    path = saved(tmp_path, np.zeros((400, 400, 400), "i2"), name="made.nii.gz")
    assert path.stat().st_size < 200_000
    assert refused(path) == "inflation"


def test_claimed_voxels_past_the_budget_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, voxels(), change=lambda header: None)
    content = bytearray(path.read_bytes())
    content[42:48] = np.array([32767] * 3, "<i2").tobytes()
    path.write_bytes(content)
    assert refused(path) == "pixel-size"


def test_what_is_no_nifti_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.nii"
    path.write_text("not an image" * 50)
    assert NiftiReader().sniff(path) == 0
    assert NiftiReader().sniff(tmp_path) == 0
    with pytest.raises(InputError):
        read(path)


@settings(max_examples=150, derandomize=True, deadline=None)
@given(changes=st.lists(st.tuples(st.integers(0, 351), st.integers(0, 255)), max_size=8))
def test_changed_headers_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]]
) -> None:
    folder = tmp_path_factory.mktemp("nifti")
    path = saved(folder, voxels())
    content = bytearray(path.read_bytes())
    for place, value in changes:
        content[place] = value
    path.write_bytes(content)
    try:
        (series,) = NiftiReader(Budget(pixel_bytes=2**20)).read(path, CT)
    except MedmmError:
        return
    if series.usable:
        assert np.isfinite(series.content.array).all()


# Writing


def random_affine(seed: int, *, shear: bool) -> np.ndarray:
    rng = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    steps = turn * rng.uniform(0.5, 5.0, 3)
    if shear:
        steps[:, 0] += 0.2 * steps[:, 1]
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = steps, rng.uniform(-200, 200, 3)
    return affine


def loaded(data: bytes, folder: Path) -> nib.Nifti1Image:
    path = folder / "out.nii.gz"
    path.write_bytes(data)
    return nib.load(path)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(seed=st.integers(0, 10_000), shear=st.booleans())
def test_every_voxel_written_is_found_at_its_place(
    tmp_path_factory: pytest.TempPathFactory, seed: int, *, shear: bool
) -> None:
    affine = random_affine(seed, shear=shear)
    array = voxels(shape=(3, 4, 5))
    image = loaded(nifti_bytes(array, affine), tmp_path_factory.getbasetemp())
    values = np.asanyarray(image.dataobj)
    assert sorted(values.ravel()) == sorted(array.ravel())
    for x, y, z in ((0, 0, 0), tuple(size - 1 for size in values.shape), (1, 2, 1)):
        value = values[x, y, z]
        index = [int(v[0]) for v in np.nonzero(array == value)]
        place = LPS_TO_RAS @ affine @ [*index, 1]
        np.testing.assert_allclose((image.affine @ [x, y, z, 1])[:3], place[:3], atol=1e-3)
    assert image.header["sform_code"] == 1
    assert image.header["qform_code"] == (0 if shear else 1)
    if not shear:
        np.testing.assert_allclose(image.get_qform(), image.get_sform(), atol=1e-2)


def test_axes_of_an_upright_series_run_right_anterior_superior(tmp_path: Path) -> None:
    supine = np.array([[0, 0, 0.7, -170], [0, 0.7, 0, -160], [-3, 0, 0, 900], [0, 0, 0, 1.0]])
    image = loaded(nifti_bytes(voxels(shape=(3, 4, 5)), supine), tmp_path)
    assert nib.aff2axcodes(image.affine) == ("R", "A", "S")
    assert image.shape == (5, 4, 3)


@pytest.mark.parametrize("dtype", ["int16", "float32", "uint8"])
def test_what_is_written_is_read_back_equal(tmp_path: Path, dtype: str) -> None:
    array = voxels(dtype, (3, 4, 5, 2))
    affine = random_affine(7, shear=False)
    path = tmp_path / "out.nii.gz"
    path.write_bytes(nifti_bytes(array, affine))
    back = volume(path, Facts("MR", "HEAD"))
    turned, ras = closest_ras(array, affine)
    np.testing.assert_array_equal(back.array, turned.transpose(2, 1, 0, 3))
    assert back.array.dtype == dtype
    np.testing.assert_allclose(back.affine_lps, LPS_TO_RAS @ ras[:, [2, 1, 0, 3]], atol=1e-3)


def test_no_slope_hides_in_the_file_and_the_bytes_are_the_same_twice() -> None:
    data = nifti_bytes(voxels(), RAS)
    assert data == nifti_bytes(voxels(), RAS)
    plain = gzip.decompress(data)
    assert np.frombuffer(plain[112:120], "<f4").tolist() == [1.0, 0.0]
    assert data[4:8] == bytes(4)


@pytest.mark.parametrize(
    ("values", "dtype"),
    [([0, 32767], "int16"), ([0, 40000], "float32"), ([-5, 2**24], "float32")],
)
def test_other_integers_take_the_first_type_that_keeps_them(
    tmp_path: Path, values: list[int], dtype: str
) -> None:
    array = np.array(values, np.int32).reshape(1, 1, 2)
    image = loaded(nifti_bytes(array, np.eye(4)), tmp_path)
    assert image.get_data_dtype() == dtype
    assert sorted(np.asanyarray(image.dataobj).ravel().tolist()) == sorted(values)


def test_values_that_no_type_keeps_are_refused() -> None:
    with pytest.raises(PixelError):
        nifti_bytes(np.array([2**24 + 1, 0], np.int32).reshape(1, 1, 2), np.eye(4))
