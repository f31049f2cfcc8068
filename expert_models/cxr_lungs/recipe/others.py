"""Real pictures that are no chest films, as far as the data folder holds them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from expert_models.cxr_lungs.film import Gray, brightness, resized
from expert_models.cxr_lungs.recipe.films import SALT, read_gray
from expert_models.training import split

CT_WINDOWS = ((-600.0, 1500.0), (40.0, 400.0))
HELD_OUT = 0.4


@dataclass(frozen=True, eq=False)
class Other:
    """One picture: its kind, the part of the split, its brightness."""

    name: str
    kind: str
    part: str
    film: Gray


def read_others(data: Path) -> list[Other]:
    """What there is of: single CT slices, a whole chest CT, pictures of question sets, photographs.

    Kinds: ``ct-slice``, ``head-or-abdomen``, ``photograph``; ``adult-film`` are frontal films of
    the question set, on which nobody drew lungs. A part is drawn by the hash of the name, for
    slices of one scan by the scan.
    """
    return [*_single_slices(data), *_chest_ct(data), *_question_set(data), *_photographs()]


def _part(key: str) -> str:
    return split.part(key, SALT + "-others", HELD_OUT, 0.0)


def _single_slices(data: Path) -> Iterator[Other]:
    for path in sorted((data / "cxr_adult" / "not_frontal").glob("*.jpg")):
        part = "test" if "aorta" in path.name else "train"
        yield Other(path.stem, "ct-slice", part, brightness(read_gray(path)))


def _chest_ct(data: Path) -> Iterator[Other]:
    path = data / "ct_lung_nodule" / "lung1_ct_ds2.nii.gz"
    if not path.is_file():
        return
    import nibabel as nib

    image = nib.nifti1.Nifti1Image.from_filename(path)
    voxels = np.asarray(image.dataobj, dtype=np.float32)
    sizes = [float(size) for size in image.header["pixdim"][1:4]]
    for axis in range(3):
        count = voxels.shape[axis]
        for place in np.linspace(0.15 * count, 0.85 * count, 14).astype(int):
            plane = np.rot90(np.take(voxels, place, axis=axis))
            gaps = [size for other, size in enumerate(sizes) if other != axis]
            shape = (round(plane.shape[0] * gaps[1]), round(plane.shape[1] * gaps[0]))
            for centre, width in CT_WINDOWS:
                shown = np.clip((plane - centre) / width + 0.5, 0, 1)
                film = resized(shown.astype(np.float32), shape)
                yield Other(f"lung1-{axis}-{place}", "ct-slice", "train", film)


def _question_set(data: Path) -> Iterator[Other]:
    folder = data / "vqa_rad"
    listing = folder / "VQA_RAD_Dataset_Public.json"
    if not listing.is_file():
        return
    organs = {
        str(row["image_name"]): str(row["image_organ"])
        for row in json.loads(listing.read_text(encoding="utf-8"))
    }
    for name, organ in sorted(organs.items()):
        path = folder / "images" / name
        if path.is_file():
            kind = "adult-film" if organ.strip() == "CHEST" else "head-or-abdomen"
            yield Other(path.stem, kind, _part(name), brightness(read_gray(path)))


def _photographs() -> Iterator[Other]:
    """The pictures that scikit-image's package carries, gray, cut into quarters and whole."""
    try:
        from importlib.resources import files

        folder = Path(str(files("skimage.data")))
    except ModuleNotFoundError:
        return
    for path in sorted([*folder.glob("*.png"), *folder.glob("*.jpg")]):
        whole = brightness(read_gray(path))
        rows, columns = whole.shape[0] // 2, whole.shape[1] // 2
        pieces = [whole, whole[:rows, :columns], whole[rows:, columns:]]
        for place, piece in enumerate(pieces):
            yield Other(f"{path.stem}-{place}", "photograph", _part(path.stem), piece)
