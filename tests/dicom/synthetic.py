"""DICOM series made by code in which every voxel tells where it is and whose it is.

The stored value of a voxel is its serial number; `Truth` maps serial numbers to the position in the
patient and the identity that it was written with, so a reader's claim of any voxel can be checked.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    CTImageStorage,
    EnhancedCTImageStorage,
    ExplicitVRLittleEndian,
    generate_uid,
)

from medmm.nouns import Volume
from medmm.nouns.geometry import to_mm

ROWS, COLUMNS = 8, 10
CLOSE_MM = 0.2


@dataclass
class Cut:
    """One slice to be written: where it lies, what it is of, and tags that differ from the rest."""

    position: NDArray[np.float64]
    row: NDArray[np.float64] = field(default_factory=lambda: np.array([1.0, 0, 0]))
    column: NDArray[np.float64] = field(default_factory=lambda: np.array([0, 1.0, 0]))
    spacing: tuple[float, float] = (0.8, 0.7)
    shape: tuple[int, int] = (ROWS, COLUMNS)
    identity: str = "A"
    number: int | None = 1
    name: str = ""
    slope: float = 1.0
    intercept: float = -1024.0
    tags: dict[str, Any] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    stored: NDArray[Any] | None = None

    def voxels_mm(self) -> NDArray[np.float64]:
        """Centres of all voxels ``[row, column, 3]``."""
        i, j = np.meshgrid(*(np.arange(size) for size in self.shape), indexing="ij")
        return np.asarray(
            self.position
            + i[..., None] * self.spacing[0] * self.column
            + j[..., None] * self.spacing[1] * self.row
        )


@dataclass
class Truth:
    """Where each serial number is, and of whom."""

    positions: NDArray[np.float64]
    identities: NDArray[np.str_]

    def error_mm(self, volume: Volume) -> float:
        """Largest distance between where a voxel is said to be and where it was written."""
        serial = self.serials(volume.array, volume.units)
        k, i, j = np.meshgrid(*(np.arange(size) for size in serial.shape), indexing="ij")
        claimed = to_mm(volume.affine_lps, np.stack([k, i, j], axis=-1))
        return float(np.linalg.norm(claimed - self.positions[serial], axis=-1).max())

    def identities_in(self, volume: Volume) -> set[str]:
        return set(self.identities[self.serials(volume.array, volume.units)].ravel().tolist())

    @staticmethod
    def serials(array: NDArray[Any], units: str) -> NDArray[np.intp]:
        """Serial numbers of values; CT values are serial - 1024."""
        values = np.asarray(array, dtype=np.float64) + (1024 if units == "HU" else 0)
        serial = np.rint(values).astype(np.intp)
        assert np.abs(values - serial).max() < 0.01
        return serial


def cuts(
    count: int = 20,
    gap: float = 2.5,
    *,
    origin: Sequence[float] = (-30.0, -40.0, 100.0),
    row: Sequence[float] = (1, 0, 0),
    column: Sequence[float] = (0, 1, 0),
    step: Sequence[float] | None = None,
    **same: Any,
) -> list[Cut]:
    """An even stack; ``step`` is the direction from slice to slice (the normal unless given)."""
    across, down = np.array(row, dtype=float), np.array(column, dtype=float)
    direction = np.cross(across, down) if step is None else np.array(step, dtype=float)
    return [
        Cut(
            np.array(origin) + k * gap * direction,
            across,
            down,
            number=k + 1,
            **copy.deepcopy(same),
        )
        for k in range(count)
    ]


def base(identity: str = "A") -> Dataset:
    """Header of a CT slice."""
    dataset = Dataset()
    dataset.SOPClassUID = CTImageStorage
    dataset.StudyInstanceUID = generate_uid(entropy_srcs=["study", identity])
    dataset.SeriesInstanceUID = generate_uid(entropy_srcs=["series", identity])
    dataset.FrameOfReferenceUID = generate_uid(entropy_srcs=["frame", identity])
    dataset.PatientID = f"ID-{identity}"
    dataset.PatientName = f"Test^{identity}"
    dataset.PatientBirthDate = "19500102"
    dataset.StudyDate = "20240102"
    dataset.Modality = "CT"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = 16
    dataset.BitsStored = 16
    dataset.HighBit = 15
    dataset.PixelRepresentation = 0
    dataset.PatientPosition = "HFS"
    return dataset


def write(folder: Path, slices: Sequence[Cut]) -> Truth:
    """Write one file for each slice; names say nothing of the order unless a cut names itself."""
    folder.mkdir(parents=True, exist_ok=True)
    positions: list[NDArray[np.float64]] = []
    identities: list[str] = []
    serial = 0
    for number, cut in enumerate(slices):
        size = cut.shape[0] * cut.shape[1]
        values = np.arange(serial, serial + size).reshape(cut.shape)
        positions.append(cut.voxels_mm().reshape(-1, 3))
        identities.extend([cut.identity] * size)
        serial += size
        dataset = slice_dataset(cut, values, number)
        path = folder / (cut.name or f"im{number:04d}.dcm")
        dataset.save_as(path, enforce_file_format=True)
    return Truth(np.concatenate(positions), np.array(identities))


def slice_dataset(cut: Cut, values: NDArray[Any], number: int) -> Dataset:
    """One single-frame image whose real-world values are ``values - 1024``."""
    dataset = base(cut.identity)
    dataset.SOPInstanceUID = generate_uid(entropy_srcs=["sop", cut.identity, str(number)])
    dataset.ImagePositionPatient = [f"{value:.6f}"[:16] for value in cut.position]
    dataset.ImageOrientationPatient = [f"{v:.9f}"[:14] for v in (*cut.row, *cut.column)]
    dataset.PixelSpacing = [f"{value:.6f}" for value in cut.spacing]
    dataset.Rows, dataset.Columns = cut.shape
    if cut.number is not None:
        dataset.InstanceNumber = cut.number
    dataset.RescaleSlope = f"{cut.slope:g}"
    dataset.RescaleIntercept = f"{cut.intercept:g}"
    dataset.RescaleType = "HU"
    for keyword, value in cut.tags.items():
        setattr(dataset, keyword, value)
    for keyword in cut.without:
        delattr(dataset, keyword)
    stored = (values - 1024 - cut.intercept) / cut.slope if cut.stored is None else cut.stored
    kind = f"{'i' if dataset.PixelRepresentation else 'u'}{dataset.BitsAllocated // 8}"
    dataset.PixelData = np.rint(stored).astype(np.int64).astype(f"<{kind}").tobytes()
    dataset.file_meta = file_meta(dataset)
    return dataset


def file_meta(dataset: Dataset) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    return meta


def write_enhanced(
    folder: Path, slices: Sequence[Cut], *, slopes: Sequence[float] | None = None
) -> Truth:
    """All slices as frames of one enhanced CT object, in the order given."""
    folder.mkdir(parents=True, exist_ok=True)
    dataset = base(slices[0].identity)
    dataset.SOPClassUID = EnhancedCTImageStorage
    dataset.SOPInstanceUID = generate_uid(entropy_srcs=["enhanced"])
    dataset.Rows, dataset.Columns = slices[0].shape
    dataset.NumberOfFrames = len(slices)
    dataset.InstanceNumber = 1
    shared = Dataset()
    shared.PlaneOrientationSequence = [Dataset()]
    shared.PlaneOrientationSequence[0].ImageOrientationPatient = [
        *slices[0].row.tolist(),
        *slices[0].column.tolist(),
    ]
    shared.PixelMeasuresSequence = [Dataset()]
    shared.PixelMeasuresSequence[0].PixelSpacing = list(slices[0].spacing)
    shared.PixelMeasuresSequence[0].SliceThickness = 9
    if slopes is None:
        shared.PixelValueTransformationSequence = [_transformation(1, -1024)]
    dataset.SharedFunctionalGroupsSequence = [shared]
    frames, stored, serial = [], [], 0
    for number, cut in enumerate(slices):
        size = cut.shape[0] * cut.shape[1]
        values = np.arange(serial, serial + size).reshape(cut.shape).astype(float)
        serial += size
        group = Dataset()
        group.FrameContentSequence = [Dataset()]
        group.FrameContentSequence[0].StackID = "1"
        group.FrameContentSequence[0].InStackPositionNumber = cut.number
        group.PlanePositionSequence = [Dataset()]
        group.PlanePositionSequence[0].ImagePositionPatient = cut.position.tolist()
        slope = 1.0
        if slopes is not None:
            slope = slopes[number]
            group.PixelValueTransformationSequence = [_transformation(slope, -1024)]
        stored.append(np.rint(values / slope).astype("<u2"))
        assert np.abs(stored[-1] * slope - values).max() < 1e-6
        frames.append(group)
    dataset.PerFrameFunctionalGroupsSequence = frames
    dataset.PixelData = np.stack(stored).tobytes()
    dataset.file_meta = file_meta(dataset)
    dataset.save_as(folder / "enhanced.dcm", enforce_file_format=True)
    positions = np.concatenate([cut.voxels_mm().reshape(-1, 3) for cut in slices])
    return Truth(positions, np.array([slices[0].identity] * len(positions)))


def _transformation(slope: float, intercept: float) -> Dataset:
    item = Dataset()
    item.RescaleSlope = slope
    item.RescaleIntercept = intercept
    item.RescaleType = "HU"
    return item


def rewrite(path: Path, **tags: Any) -> None:
    """Change tags of a written file."""
    dataset = pydicom.dcmread(path)
    for keyword, value in tags.items():
        setattr(dataset, keyword, value)
    dataset.save_as(path, enforce_file_format=True)
