"""A series' content in the home: arrays by hash, the rest as a small JSON description, and back."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medmm.home import Home, Stored
from medmm.nouns import Cine, Content, Document, Picture, Volume, Waveform

Meta = dict[str, Any]


@dataclass(frozen=True)
class KeptFile:
    """A file that a row rests on: the home's folder, its name there, its size in bytes."""

    folder: str
    name: str
    size: int

    @classmethod
    def of(cls, stored: Stored) -> "KeptFile":
        """The reference for a file that was just stored."""
        return cls(stored.path.parent.name, stored.path.name, stored.path.stat().st_size)


@dataclass(frozen=True)
class Kept:
    """Content on the disk: its description for the database, and the files it rests on."""

    meta: Meta
    files: tuple[KeptFile, ...]


def keep_content(home: Home, content: Content) -> Kept:
    """Put a content's arrays (a document's text) on the disk, durably, and describe it.

    Equal content gives an equal description.

    Raises:
        StorageError: the disk is full, read-only or failing.
    """
    if isinstance(content, Document):
        stored = home.files.put(content.text.encode("utf-8", "surrogatepass"), ".txt")
        return Kept(_document_meta(content, stored), (KeptFile.of(stored),))
    array = home.pixels.put_array(content.array)
    meta = {"noun": type(content).__name__, "array": array.sha256, **_plain_fields(content)}
    files = [KeptFile.of(array)]
    if isinstance(content, Volume) and content.padding is not None:
        padding = home.pixels.put_array(content.padding)
        meta["padding"] = padding.sha256
        files.append(KeptFile.of(padding))
    return Kept(meta, tuple(files))


def load_content(home: Home, meta: Mapping[str, Any]) -> Content:
    """The same noun again; its arrays are mapped from the disk read-only.

    Raises:
        NotFoundError: a file is missing from the home.
    """
    return _LOADERS[meta["noun"]](home, meta)


def parts_of(meta: Mapping[str, Any]) -> Iterator[str]:
    """Names of the arrays that a description points to."""
    for name in ("array", "padding"):
        if meta.get(name):
            yield meta[name]


def _plain_fields(content: Volume | Picture | Cine | Waveform) -> Meta:
    match content:
        case Volume():
            return {
                "affine_lps": [[_number(value) for value in row] for row in content.affine_lps],
                "units": content.units,
                "axes": content.axes,
                "padding": None,
                "window": _numbers(content.window),
            }
        case Picture():
            return {
                "units": content.units,
                "spacing_mm": _numbers(content.spacing_mm),
                "detector_spacing_mm": _numbers(content.detector_spacing_mm),
                "window": _numbers(content.window),
                "inverted": content.inverted,
            }
        case Cine():
            seconds = content.frame_seconds
            return {
                "frame_seconds": None if seconds is None else _number(seconds),
                "spacing_mm": _numbers(content.spacing_mm),
                "units": content.units,
                "window": _numbers(content.window),
                "inverted": content.inverted,
            }
        case Waveform():
            return {
                "rate_hz": _number(content.rate_hz),
                "leads": list(content.leads),
                "units": content.units,
            }


def _document_meta(content: Document, stored: Stored) -> Meta:
    return {
        "noun": "Document",
        "text": stored.sha256,
        "title": content.title,
        "media_type": content.media_type,
        "headings": list(content.headings),
    }


def _volume(home: Home, meta: Mapping[str, Any]) -> Volume:
    padding: NDArray[np.bool_] | None = None
    if meta["padding"]:
        padding = home.pixels.array(meta["padding"])
    return Volume(
        array=home.pixels.array(meta["array"]),
        affine_lps=np.array(meta["affine_lps"], dtype=np.float64),
        units=meta["units"],
        axes=meta["axes"],
        padding=padding,
        window=_pair(meta["window"]),
    )


def _picture(home: Home, meta: Mapping[str, Any]) -> Picture:
    return Picture(
        array=home.pixels.array(meta["array"]),
        units=meta["units"],
        spacing_mm=_pair(meta["spacing_mm"]),
        detector_spacing_mm=_pair(meta["detector_spacing_mm"]),
        window=_pair(meta["window"]),
        inverted=meta["inverted"],
    )


def _cine(home: Home, meta: Mapping[str, Any]) -> Cine:
    return Cine(
        array=home.pixels.array(meta["array"]),
        frame_seconds=meta["frame_seconds"],
        spacing_mm=_pair(meta["spacing_mm"]),
        units=meta["units"],
        window=_pair(meta["window"]),
        inverted=meta["inverted"],
    )


def _waveform(home: Home, meta: Mapping[str, Any]) -> Waveform:
    return Waveform(
        array=home.pixels.array(meta["array"]),
        rate_hz=meta["rate_hz"],
        leads=tuple(meta["leads"]),
        units=meta["units"],
    )


def _document(home: Home, meta: Mapping[str, Any]) -> Document:
    return Document(
        text=home.files.path(meta["text"], ".txt").read_bytes().decode("utf-8", "surrogatepass"),
        title=meta["title"],
        media_type=meta["media_type"],
        headings=tuple(meta["headings"]),
    )


_LOADERS: dict[str, Callable[[Home, Mapping[str, Any]], Content]] = {
    "Volume": _volume,
    "Picture": _picture,
    "Cine": _cine,
    "Waveform": _waveform,
    "Document": _document,
}


def _number(value: float) -> float:
    """A plain float; JSON keeps every bit of a finite one and has no word for another."""
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("a geometry or a window with a number that is not finite")
    return number


def _numbers(pair: tuple[float, float] | None) -> list[float] | None:
    return None if pair is None else [_number(value) for value in pair]


def _pair(numbers: list[float] | None) -> tuple[float, float] | None:
    return None if numbers is None else (numbers[0], numbers[1])
