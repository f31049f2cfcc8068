"""A chest film of the phantom: its voxels projected from front to back, written as DICOM."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from medmm.demo.nodule import Side
from medmm.demo.phantom import Phantom
from medmm.demo.study import describe_patient, uid
from medmm.home import storage_error

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

DIGITAL_X_RAY_FOR_PRESENTATION = "1.2.840.10008.5.1.4.1.1.1.1"
WATER_PER_MM = 0.0195
"""Attenuation of water at 70 keV (NIST XCOM), an effective energy of chest films."""
SHAPE = (280, 64, 280)
SPACING_MM = (1.125, 6.0, 1.375)
LEVELS = 4095


@dataclass(frozen=True)
class Film:
    """A frontal film of one phantom, taken with parallel rays: nothing is magnified.

    ``shape`` and ``spacing_mm`` are those of the voxels that are projected: slice, row, column.
    """

    seed: int = 0
    shape: tuple[int, int, int] = SHAPE
    spacing_mm: tuple[float, float, float] = SPACING_MM

    @cached_property
    def phantom(self) -> Phantom:
        """The phantom that stands straight before the detector."""
        straight = (1e-6, 1e-6, 1e-6)
        return replace(
            Phantom(self.seed, self.shape, self.spacing_mm, tilt_deg=straight), noise_hu=0.0
        )

    @property
    def pixel_mm(self) -> tuple[float, float]:
        """Gaps between rows and columns, in the patient as at the detector."""
        return self.spacing_mm[0], self.spacing_mm[2]

    @cached_property
    def attenuation(self) -> NDArray[np.float32]:
        """Line integrals ``[row, column]``: rows from head to feet, columns to patient's left."""
        rows = []
        for _, slab in self.phantom.slabs():
            tissue = np.clip(slab.astype(np.float32) + 1000.0, 0.0, None) / 1000.0
            rows.append(tissue.sum(axis=1) * (WATER_PER_MM * self.spacing_mm[1]))
        return np.concatenate(rows)[::-1].copy()

    def pixels(self) -> NDArray[np.uint16]:
        """What is shown: the line integrals over 12 bits, a little noise in them."""
        line = self.attenuation
        draw = np.random.default_rng([self.seed, 7])
        noisy = line / max(float(line.max()), 1e-6) + 0.003 * draw.standard_normal(line.shape)
        return np.asarray(np.clip(noisy, 0, 1) * LEVELS, dtype=np.uint16)

    def shadow_mm2(self, side: Side) -> float:
        """True area of a lung's whole shadow: of every ray that meets the lung.

        The part in front of and behind the diaphragm's dome is in it, which no film shows.
        """
        return self.phantom.lungs.shadow_mm2(side)


def write_film(folder: Path, seed: int = 0, film: Film | None = None) -> Film:
    """Write the film of a seed into ``folder``; the same seed gives the same bytes.

    Raises:
        StorageError: the folder cannot be written.
    """
    from pydicom import dcmwrite

    made = film or Film(seed)
    path = folder / "film.dcm"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        dcmwrite(path, dataset(made), enforce_file_format=True)
    except OSError as error:
        raise storage_error(error, path) from error
    return made


def dataset(film: Film) -> "Dataset":
    """The film as a Digital X-Ray image (PS3.3 A.26)."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    image = Dataset()
    image.SpecificCharacterSet = "ISO_IR 100"
    image.SOPClassUID = DIGITAL_X_RAY_FOR_PRESENTATION
    _describe_study(image, film)
    _describe_view(image, film)
    _describe_pixels(image, film)
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return image


def _describe_study(image: "Dataset", film: Film) -> None:
    phantom = film.phantom
    image.SOPInstanceUID = uid(phantom, "film")
    image.StudyInstanceUID = uid(phantom, "film study")
    image.SeriesInstanceUID = uid(phantom, "film series")
    image.StudyDate = image.SeriesDate = image.AcquisitionDate = image.ContentDate = "20240103"
    image.StudyTime = image.SeriesTime = image.AcquisitionTime = image.ContentTime = "090000"
    image.AccessionNumber = f"DEMOF{film.seed:04d}"
    image.Modality = "DX"
    image.PresentationIntentType = "FOR PRESENTATION"
    image.Manufacturer = "medmm"
    image.ManufacturerModelName = "Phantom made by code"
    image.ReferringPhysicianName = ""
    image.StudyDescription = "Chest film (phantom made by code)"
    image.SeriesDescription = "Chest PA, phantom"
    image.StudyID, image.SeriesNumber, image.InstanceNumber = "2", "1", "1"
    describe_patient(image)
    image.PatientAge = "045Y"


def _describe_view(image: "Dataset", film: Film) -> None:
    image.ImageType = ["ORIGINAL", "PRIMARY", ""]
    image.BodyPartExamined = "CHEST"
    image.AnatomicRegionSequence = [_coded("51185008", "Chest")]
    image.ViewPosition = "PA"
    image.ViewCodeSequence = [_coded("272479005", "Postero-anterior projection")]
    image.ViewCodeSequence[0].ViewModifierCodeSequence = []
    image.AcquisitionContextSequence = []
    image.DetectorType = image.PositionerType = ""
    image.ImageLaterality = "U"
    image.PatientOrientation = ["L", "F"]
    image.BurnedInAnnotation = "NO"
    image.LossyImageCompression = "00"
    spacing = [f"{gap:g}" for gap in film.pixel_mm]
    image.ImagerPixelSpacing = spacing
    image.PixelSpacing = spacing
    image.PixelSpacingCalibrationType = "GEOMETRY"
    image.PixelSpacingCalibrationDescription = "Parallel rays: nothing is magnified"


def _coded(value: str, meaning: str) -> "Dataset":
    """One item of a code sequence, by SNOMED CT."""
    from pydicom.dataset import Dataset

    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "SCT", meaning
    return item


def _describe_pixels(image: "Dataset", film: Film) -> None:
    pixels = film.pixels()
    image.SamplesPerPixel = 1
    image.PhotometricInterpretation = "MONOCHROME2"
    image.Rows, image.Columns = pixels.shape
    image.BitsAllocated, image.BitsStored, image.HighBit = 16, 12, 11
    image.PixelRepresentation = 0
    image.PixelIntensityRelationship = "LOG"
    image.PixelIntensityRelationshipSign = -1
    image.RescaleIntercept, image.RescaleSlope, image.RescaleType = "0", "1", "US"
    image.PresentationLUTShape = "IDENTITY"
    image.WindowCenter, image.WindowWidth = "2048", "4096"
    image.PixelData = pixels.astype("<u2").tobytes()
