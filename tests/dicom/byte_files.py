"""DICOM files made byte by byte, so that tests can get any of their bytes wrong."""

import struct
from io import BytesIO
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

LONG = {"OB", "OW", "OF", "OD", "SQ", "UN", "UT"}


def element(tag: int, vr: str, value: bytes, *, length: int | None = None, little: bool = True):
    """One explicit element; ``length`` overrides what is claimed."""
    order = "<" if little else ">"
    claimed = len(value) if length is None else length
    head = struct.pack(order + "HH", tag >> 16, tag & 0xFFFF) + vr.encode()
    if vr in LONG:
        return head + struct.pack(order + "HL", 0, claimed) + value
    return head + struct.pack(order + "H", claimed) + value


def implicit(tag: int, value: bytes, *, length: int | None = None):
    """One implicit element."""
    claimed = len(value) if length is None else length
    return struct.pack("<HHL", tag >> 16, tag & 0xFFFF, claimed) + value


def meta(syntax: str = ExplicitVRLittleEndian) -> bytes:
    """Preamble, prefix and the smallest meta group."""
    uid = syntax.encode() + (b"\0" if len(syntax) % 2 else b"")
    return b"\0" * 128 + b"DICM" + element(0x00020010, "UI", uid)


def item(content: bytes, *, known: bool = True) -> bytes:
    """A sequence item of known or undefined length."""
    if known:
        return struct.pack("<HHL", 0xFFFE, 0xE000, len(content)) + content
    delimiter = struct.pack("<HHL", 0xFFFE, 0xE00D, 0)
    return struct.pack("<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF) + content + delimiter


SEQUENCE_END = struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)


def image(
    pixels: bytes,
    *,
    rows: int = 4,
    columns: int = 4,
    syntax: str = ExplicitVRLittleEndian,
    encapsulated: bool = False,
    **tags: object,
) -> bytes:
    """A whole file around pixel bytes; ``tags`` are keywords that override the usual ones."""
    dataset = Dataset()
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    dataset.SOPInstanceUID = "1.2.3.4"
    dataset.PatientID = "P1"
    dataset.Rows, dataset.Columns = rows, columns
    usual = {
        "SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2", "BitsAllocated": 16,
        "BitsStored": 16, "HighBit": 15, "PixelRepresentation": 0,
    }  # fmt: skip
    for keyword, value in (usual | tags).items():
        if value is not None:
            setattr(dataset, keyword, value)
    dataset.PixelData = pixels
    dataset["PixelData"].VR = "OB" if encapsulated or dataset.BitsAllocated <= 8 else "OW"
    dataset["PixelData"].is_undefined_length = encapsulated
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    file = BytesIO()
    implicit_vr, little = syntax == ImplicitVRLittleEndian, syntax != ExplicitVRBigEndian
    dcmwrite(file, dataset, implicit_vr=implicit_vr, little_endian=little, enforce_file_format=True)
    return file.getvalue()


def fragments(*parts: bytes, table: bytes = b"") -> bytes:
    """Encapsulated pixel data: offset table, fragments, delimiter (which pydicom writes itself)."""
    padded = [part + b"\0" * (len(part) % 2) for part in parts]
    return item(table) + b"".join(item(part) for part in padded)


def written(folder: Path, data: bytes, name: str = "image.dcm") -> Path:
    """``data`` as a file."""
    path = folder / name
    path.write_bytes(data)
    return path


def ramp(rows: int = 4, columns: int = 4, dtype: str = "<u2") -> np.ndarray:
    """Values that differ everywhere."""
    return np.arange(rows * columns, dtype=dtype).reshape(rows, columns)
