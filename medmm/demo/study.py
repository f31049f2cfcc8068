"""The bundled study: a phantom written as a DICOM series of CT images."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from medmm.demo.phantom import Phantom
from medmm.demo.truth import Truth
from medmm.home import storage_error

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

CT_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.2"
INTERCEPT = -1024
Progress = Callable[[int, int], None]


def write_study(folder: Path, seed: int = 0, progress: Progress | None = None) -> Truth:
    """Make the phantom of a seed and write it into ``folder``; the same seed gives the same bytes.

    ``progress`` is called with the slices done and the slices in all.

    Raises:
        StorageError: the folder cannot be written.
    """
    return write_phantom(Phantom(seed), folder, progress)


def write_phantom(phantom: Phantom, folder: Path, progress: Progress | None = None) -> Truth:
    """Write any phantom as `write_study` does, one file a slice, named out of slice order.

    Raises:
        StorageError: the folder cannot be written.
    """
    from pydicom import dcmwrite

    names = _names(phantom)
    common = _common(phantom)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for slices, slab in phantom.slabs():
            for number, pixels in zip(slices, slab, strict=True):
                image = _image(common, phantom, number, pixels)
                dcmwrite(folder / names[number], image, enforce_file_format=True)
            if progress is not None:
                progress(slices.stop, phantom.shape[0])
    except OSError as error:
        raise storage_error(error, folder) from error
    return Truth.of(phantom)


def uid(phantom: Phantom, *parts: str | int) -> str:
    """A UID under 2.25 that stands for this phantom and nothing else (PS3.5 B.2).

    The number is a version 8 UUID (RFC 9562 5.8), made from a hash.
    """
    text = "/".join(str(part) for part in ("medmm demo", repr(phantom), *parts))
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")
    number = number & ~(0xF << 76) | (0x8 << 76)
    number = number & ~(0x3 << 62) | (0x2 << 62)
    return f"2.25.{number}"


def _names(phantom: Phantom) -> list[str]:
    """File names whose order is not the slices' order."""
    order = np.random.default_rng([phantom.seed, 6]).permutation(phantom.shape[0])
    return [f"IM{place:04d}.dcm" for place in order]


def _common(phantom: Phantom) -> "Dataset":
    """What all images share: the attributes of PS3.3 A.3.3 that are required or useful."""
    from pydicom.dataset import Dataset

    image = Dataset()
    image.SpecificCharacterSet = "ISO_IR 100"
    image.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    image.SOPClassUID = CT_IMAGE_STORAGE
    image.StudyDate = image.SeriesDate = image.AcquisitionDate = image.ContentDate = "20240102"
    image.StudyTime = "101500"
    image.SeriesTime = image.AcquisitionTime = image.ContentTime = "101600"
    image.AccessionNumber = f"DEMO{phantom.seed:04d}"
    image.Modality = "CT"
    image.Manufacturer = "medmm"
    image.ManufacturerModelName = "Phantom made by code"
    image.ReferringPhysicianName = ""
    image.StudyDescription = "CT chest (phantom made by code)"
    image.SeriesDescription = "Chest without contrast, phantom"
    describe_patient(image)
    image.BodyPartExamined = "CHEST"
    image.KVP = "120"
    image.ConvolutionKernel = "STANDARD"
    image.GantryDetectorTilt = "0"
    image.PatientPosition = "HFS"
    image.StudyInstanceUID = uid(phantom, "study")
    image.SeriesInstanceUID = uid(phantom, "series")
    image.FrameOfReferenceUID = uid(phantom, "frame of reference")
    image.StudyID = "1"
    image.SeriesNumber = "2"
    image.AcquisitionNumber = "1"
    image.PositionReferenceIndicator = ""
    _describe_geometry(image, phantom)
    _describe_pixels(image, phantom)
    return image


def describe_patient(image: "Dataset") -> None:
    """Who was imaged: nobody."""
    image.PatientName = "Phantom^Made By Code"
    image.PatientID = "MEDMM-DEMO"
    image.PatientBirthDate = ""
    image.PatientSex = "O"
    image.PatientIdentityRemoved = "YES"
    image.DeidentificationMethod = "Synthetic: no person was imaged"


def _describe_geometry(image: "Dataset", phantom: Phantom) -> None:
    grid = phantom.grid
    row_direction, column_direction = grid.turn[:, 2], grid.turn[:, 1]
    image.ImageOrientationPatient = _decimals([*row_direction, *column_direction])
    image.PixelSpacing = _decimals(grid.spacing_mm[1:])
    image.SliceThickness = _decimals(grid.spacing_mm[:1])[0]
    image.SpacingBetweenSlices = image.SliceThickness


def _describe_pixels(image: "Dataset", phantom: Phantom) -> None:
    image.SamplesPerPixel = 1
    image.PhotometricInterpretation = "MONOCHROME2"
    image.Rows, image.Columns = phantom.shape[1:]
    image.BitsAllocated, image.BitsStored, image.HighBit = 16, 12, 11
    image.PixelRepresentation = 0
    image.RescaleIntercept, image.RescaleSlope = str(INTERCEPT), "1"
    image.RescaleType = "HU"
    image.WindowCenter, image.WindowWidth = ["-600", "40"], ["1500", "400"]
    image.WindowCenterWidthExplanation = ["LUNG", "SOFT TISSUE"]


def _image(
    common: "Dataset", phantom: Phantom, number: int, pixels: NDArray[np.int16]
) -> "Dataset":
    """One slice; numbers run from the head, as scanners count, the positions decide."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    image = Dataset(common)
    image.SOPInstanceUID = uid(phantom, "image", number)
    image.InstanceNumber = str(phantom.shape[0] - number)
    position = phantom.grid.slice_origin(number)
    image.ImagePositionPatient = _decimals(position)
    image.SliceLocation = _decimals([float(position @ phantom.grid.turn[:, 0])])[0]
    image.PixelData = (pixels - INTERCEPT).astype("<u2").tobytes()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return image


def _decimals(values: object) -> list[str]:
    """Decimal strings of at most 16 characters (PS3.5 6.2), as near as those allow."""
    from pydicom.valuerep import format_number_as_ds

    return [format_number_as_ds(float(value)) for value in np.asarray(values, np.float64)]
