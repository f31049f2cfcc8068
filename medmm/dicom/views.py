"""What a header says about a series beside its pixels: view, window, facts to cite, whose it is."""

from collections.abc import Sequence

from medmm.dicom import times
from medmm.dicom.fields import Fields, clean, tag
from medmm.errors import InputError
from medmm.nouns import FilmView, Origin, Patient

CITED = (
    "Modality", "BodyPartExamined", "SeriesDescription", "StudyDescription", "ProtocolName",
    "ImageType", "ViewPosition", "ImageLaterality", "Laterality", "PatientPosition", "PatientSex",
    "PatientAge", "PatientWeight", "PatientSize", "SliceThickness", "SpacingBetweenSlices",
    "GantryDetectorTilt", "KVP", "XRayTubeCurrent", "Exposure", "ConvolutionKernel",
    "ContrastBolusAgent", "ReconstructionDiameter", "EchoTime", "RepetitionTime", "InversionTime",
    "FlipAngle", "MagneticFieldStrength", "ScanningSequence", "SequenceName", "MRAcquisitionType",
    "Units", "DecayCorrection", "RescaleType", "PixelSpacingCalibrationType",
    "LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod",
    "BurnedInAnnotation", "Manufacturer", "ManufacturerModelName", "InstanceNumber",
    "ImagesInAcquisition", "FrameTime", "HeartRate", "AcquisitionDate", "AcquisitionTime",
    "FrameOfReferenceUID", "VOILUTFunction",
)  # fmt: skip
# Five component groups' worth of bytes and more (PS3.5, Table 6.2-1: 64 characters each).
LONGEST_NAME = 2000
_CITED_TAGS = {keyword: tag(keyword) for keyword in CITED}
_CENTER = tag("WindowCenter")
_WIDTH = tag("WindowWidth")
_VOI = tag("FrameVOILUTSequence")
_SHARED = tag("SharedFunctionalGroupsSequence")
_PER_FRAME = tag("PerFrameFunctionalGroupsSequence")
_REGION = tag("AnatomicRegionSequence")
_MEANING = tag("CodeMeaning")
_BODY_PART = tag("BodyPartExamined")


def header_of(fields: Fields, *, lossy: bool) -> dict[str, str]:
    """What a report may cite, as clean text by DICOM keyword; never who the patient is."""
    header = {}
    for keyword, number in _CITED_TAGS.items():
        text = clean(fields.text(number))
        if text:
            header[keyword] = text
    if lossy:  # whatever the tag says, the stream itself gave up exact values
        header["LossyImageCompression"] = "01"
    return header


def view_of(fields: Fields) -> FilmView:
    """ViewPosition, ImageLaterality or Laterality, and PatientOrientation."""
    return FilmView(
        position=clean(fields.code(tag("ViewPosition")).upper()),
        laterality=clean(
            (fields.code(tag("ImageLaterality")) or fields.code(tag("Laterality"))).upper()
        ),
        patient_orientation=tuple(
            clean(value) for value in fields.codes(tag("PatientOrientation")) if value
        ),
    )


def body_part_of(fields: Fields) -> str:
    """BodyPartExamined, or the meaning of the anatomic region's code; upper case."""
    part = clean(fields.code(_BODY_PART).upper())
    if part:
        return part
    region = fields.item(_REGION)
    return clean(region.text(_MEANING).upper()) if region is not None else ""


def window_of(fields: Fields, factor: float = 1.0) -> tuple[float, float] | None:
    """Centre and width of the first window, in the units of the values; None without a usable one.

    A broken window never refuses an image: it says only how it was meant to be shown.
    """
    for level in _window_levels(fields):
        try:
            center, width = level.scalar(_CENTER), level.scalar(_WIDTH)
        except InputError:
            continue
        if center is not None and width is not None and width >= 1:
            return (center * factor, width * factor)
    return None


def _window_levels(fields: Fields) -> Sequence[Fields]:
    levels = [fields]
    for groups in (_PER_FRAME, _SHARED):
        group = fields.item(groups)
        voi = group.item(_VOI) if group is not None else None
        if voi is not None:
            levels.append(voi)
    return levels


def patient_of(fields: Fields) -> Patient:
    """Who was examined, as clean text; dates in ISO 8601."""
    stored = fields.raw(tag("PatientName"))
    return Patient(
        id=fields.text(tag("PatientID")),
        name=fields.text(tag("PatientName")).rstrip("=^ "),
        sex=clean(fields.code(tag("PatientSex")).upper()),
        birth_date=times.iso_date(fields.code(tag("PatientBirthDate"))),
        age=clean(fields.code(tag("PatientAge"))),
        name_bytes=stored[:LONGEST_NAME] if isinstance(stored, bytes) else b"",
        character_set="\\".join(clean(one) for one in fields.codes(tag("SpecificCharacterSet"))),
    )


def origin_of(fields: Fields, study_uid: str) -> Origin:
    """Which examination a file belongs to."""
    return Origin(
        study_uid=study_uid,
        patient=patient_of(fields),
        date=times.iso(fields, "StudyDate", "StudyTime"),
        description=fields.text(tag("StudyDescription")),
        accession=fields.text(tag("AccessionNumber")),
    )
