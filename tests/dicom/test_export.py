"""Series leave as whole files under safe names, and masks lie on the same grid."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from medmm.dicom.export import mask_file, write_series
from medmm.errors import InputError
from medmm.nouns import (
    Cine,
    Content,
    Document,
    Mask,
    Origin,
    Picture,
    Region,
    Series,
    Verdict,
    Volume,
)

TILTED = np.array([[0, 0.1, 0.7, -170], [0.4, 0.7, 0, -160], [-3, 0, 0, 900], [0, 0, 0, 1.0]])
VOXELS = np.arange(60, dtype=np.int16).reshape(3, 4, 5)


def series(content: Content, kind: str, uid: str = "1.2.3", modality: str = "CT") -> Series:
    affine = content.affine_lps if isinstance(content, Volume) else None
    return Series(
        uid=uid, key=uid, modality=modality, body_part="CHEST", kind=kind,
        verdict=Verdict("usable"), origin=Origin("1.2"), load=lambda: content,
        shape=getattr(content, "array", np.zeros(0)).shape,
        affine_lps=None if affine is None else tuple(map(tuple, affine.tolist())),
    )  # fmt: skip


def ct() -> Series:
    return series(Volume(VOXELS, TILTED, "HU"), "volume")


def test_a_volume_becomes_nifti_with_its_values(tmp_path: Path) -> None:
    path = write_series(ct(), tmp_path, "nifti")
    image = nib.load(path)
    assert path.suffixes == [".nii", ".gz"]
    assert image.get_data_dtype() == np.int16
    assert sorted(np.asanyarray(image.dataobj).ravel()) == list(range(60))


def test_npz_holds_the_array_and_its_affine(tmp_path: Path) -> None:
    with np.load(write_series(ct(), tmp_path, "npz"), allow_pickle=False) as file:
        np.testing.assert_array_equal(file["array"], VOXELS)
        np.testing.assert_array_equal(file["affine_lps"], TILTED)
    film = series(Picture(VOXELS[0]), "picture")
    with np.load(write_series(film, tmp_path, "npz"), allow_pickle=False) as file:
        assert file.files == ["array"]


def test_a_picture_becomes_png_by_its_own_window(tmp_path: Path) -> None:
    film = series(Picture(VOXELS[0], window=(10, 11), inverted=True), "picture", modality="DX")
    shown = np.asarray(Image.open(write_series(film, tmp_path, "png")))
    assert shown.shape == (4, 5)
    assert shown[0, 0] == 255
    assert shown[-1, -1] == 0


def test_frames_become_numbered_files(tmp_path: Path) -> None:
    frames = np.random.default_rng(0).integers(0, 255, (3, 6, 7, 3), dtype=np.uint8)
    folder = write_series(series(Cine(frames), "cine", modality="US"), tmp_path, "png")
    files = sorted(folder.iterdir())
    assert [file.name for file in files] == ["00000.png", "00001.png", "00002.png"]
    np.testing.assert_array_equal(np.asarray(Image.open(files[1])), frames[1])


@pytest.mark.parametrize(
    ("content", "kind", "to"),
    [(Picture(VOXELS[0]), "picture", "nifti"), (Document("text"), "document", "npz"),
     (Document("text"), "document", "png")],
)  # fmt: skip
def test_what_a_form_cannot_say_is_refused(
    tmp_path: Path, content: Content, kind: str, to: str
) -> None:
    with pytest.raises(InputError) as caught:
        write_series(series(content, kind), tmp_path, to)
    assert caught.value.code == "form"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["../../evil", "/etc/passwd", "a\0b", "<img src=x>", "x" * 5000])
def test_names_never_come_from_the_files_own_texts(tmp_path: Path, text: str) -> None:
    out = tmp_path / "out"
    out.mkdir()
    path = write_series(
        series(Volume(VOXELS, TILTED, "HU"), "volume", uid=text, modality=text), out, "nifti"
    )
    assert path.parent == out
    assert path.name.replace("-", "").replace(".", "").isalnum()
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


def test_two_series_have_two_names_and_one_has_the_same_twice(tmp_path: Path) -> None:
    first = write_series(ct(), tmp_path, "nifti")
    before = first.read_bytes()
    other = series(Volume(VOXELS, TILTED, "HU"), "volume", uid="1.2.4")
    assert write_series(other, tmp_path, "nifti") != first
    assert write_series(ct(), tmp_path, "nifti") == first
    assert first.read_bytes() == before
    cine = series(Cine(VOXELS), "cine")
    assert write_series(cine, tmp_path, "png") == write_series(cine, tmp_path, "png")


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    broken = series(Volume(np.full((2, 2, 2), 2**31 - 1, np.int32), TILTED, "1"), "volume")
    with pytest.raises(InputError):
        write_series(broken, tmp_path, "nifti")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(OSError, match="absent"):
        write_series(ct(), tmp_path / "absent", "nifti")


def region(full: np.ndarray) -> Region:
    return Region("r1", "lung nodule", "mask", "1.2.3", mask=Mask.of(full))


def test_a_mask_lies_on_the_grid_of_its_converted_series(tmp_path: Path) -> None:
    full = (VOXELS > 17) & (VOXELS < 44)
    data, suffix = mask_file(region(full), ct())
    assert suffix == ".nii.gz"
    mask_path = tmp_path / f"mask{suffix}"
    mask_path.write_bytes(data)
    mask, image = nib.load(mask_path), nib.load(write_series(ct(), tmp_path, "nifti"))
    assert mask.get_data_dtype() == np.uint8
    np.testing.assert_array_equal(mask.affine, image.affine)
    values = np.asanyarray(image.dataobj)
    np.testing.assert_array_equal(np.asanyarray(mask.dataobj), (values > 17) & (values < 44))


def test_a_mask_of_a_picture_is_a_png_of_its_size(tmp_path: Path) -> None:
    full = VOXELS[0] > 7
    data, suffix = mask_file(region(full), series(Picture(VOXELS[0]), "picture"))
    path = tmp_path / f"mask{suffix}"
    path.write_bytes(data)
    np.testing.assert_array_equal(np.asarray(Image.open(path)), np.where(full, 255, 0))


def test_an_empty_mask_is_still_a_whole_grid(tmp_path: Path) -> None:
    data, suffix = mask_file(region(np.zeros((3, 4, 5), bool)), ct())
    path = tmp_path / f"mask{suffix}"
    path.write_bytes(data)
    assert np.asanyarray(nib.load(path).dataobj).sum() == 0
    assert nib.load(path).shape == (5, 4, 3)


def test_a_mask_of_another_grid_is_refused() -> None:
    with pytest.raises(InputError):
        mask_file(region(np.zeros((3, 4, 4), bool)), ct())
    with pytest.raises(InputError):
        mask_file(Region("r2", "box", "box", "1.2.3"), ct())
