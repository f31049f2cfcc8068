"""PNG and JPEG files into pictures, with the facts that they lack given by the user."""

import hashlib
import warnings
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from medmm.dicom.given import derived_uid, given_facts, refused_series
from medmm.dicom.hostile.budget import DEFAULT, MIB, Budget
from medmm.errors import InputError, LimitError, PixelError
from medmm.nouns import Facts, Origin, Picture, Reason, Series, Verdict

if TYPE_CHECKING:
    from PIL.Image import Image

Array = NDArray[Any]

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_JPEG: Final = b"\xff\xd8\xff"
_ORIENTATION: Final = 0x0112
_CONVERTED: Final = {"1": "L", "L": "L", "LA": "LA", "P": "RGBA", "RGB": "RGB", "RGBA": "RGBA"}
_SIXTEEN: Final = frozenset({"I;16", "I;16B", "I;16L", "I"})


class RasterReader:
    """The `medmm.seams.ImageReader` of PNG and JPEG files.

    Pictures are uint8 or uint16, gray ``[row, column]`` or RGB ``[row, column, 3]``. Spacing is the
    user's word; without it there are no millimetres, whatever resolution the file claims.
    """

    def __init__(self, budget: Budget = DEFAULT) -> None:
        self._budget = budget

    def sniff(self, path: Path) -> float:
        """Sure by the first bytes."""
        if not path.is_file():
            return 0.0
        try:
            with path.open("rb") as file:
                head = file.read(8)
        except OSError:
            return 0.0
        return 1.0 if head == _PNG or head[:3] == _JPEG else 0.0

    def read(self, path: Path, facts: Facts) -> Iterator[Series]:
        """One series with one picture; refused if it cannot be decoded whole.

        Raises:
            InputError: it is neither PNG nor JPEG, or modality or body part are not given.
        """
        if not self.sniff(path):
            raise InputError(f"{path} is neither PNG nor JPEG.", code="not-raster")
        modality, body_part = given_facts(path, facts)
        spacing = _spacing(path, facts)
        digest = hashlib.sha256(path.read_bytes()).digest()
        uid, origin = derived_uid(digest, "series"), Origin(derived_uid(digest, "study"))
        try:
            picture, reasons = _decoded(path, self._budget)
        except InputError as error:
            yield refused_series(path, uid, origin, modality, body_part, "picture", error)
            return
        turned = any(reason.code == "turned" for reason in reasons)
        yield Series(
            uid=uid,
            key=uid,
            modality=modality,
            body_part=body_part,
            kind="picture",
            verdict=Verdict("repaired" if turned else "usable", reasons),
            origin=origin,
            load=partial(_load, path, spacing, self._budget),
            shape=picture.array.shape,
            spacing_mm=spacing,
            units="1",
            files=(str(path.absolute()),),
        )


def _load(path: Path, spacing: tuple[float, float] | None, budget: Budget) -> Picture:
    return replace(_decoded(path, budget)[0], spacing_mm=spacing)


def _spacing(path: Path, facts: Facts) -> tuple[float, float] | None:
    given = facts.spacing_mm
    if given is None:
        return None
    if len(given) != 2:
        raise InputError(
            f"{path} is a flat picture, but {len(given)} spacings are given.",
            "Give --spacing ROWS,COLUMNS in mm.",
            code="spacing",
        )
    return (given[0], given[1])


def _decoded(path: Path, budget: Budget) -> tuple[Picture, tuple[Reason, ...]]:
    """The picture and what was done to it.

    Raises:
        LimitError: it is larger than the budget allows.
        PixelError: it is broken, or of a kind that cannot be read without loss.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=("PNG", "JPEG")) as image:
                _check(path, image, budget)
                return _pixels(path, image)
    except (Image.DecompressionBombError, MemoryError) as error:
        raise _too_large(path) from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as error:
        if isinstance(error, InputError):
            raise
        raise PixelError(
            f"{path} cannot be decoded: {error}.", "Ask for it to be sent again.", code="decode"
        ) from error


def _check(path: Path, image: "Image", budget: Budget) -> None:
    """Size and kind by the file's header, before any pixel is decoded."""
    if image.width * image.height * 8 > budget.pixel_bytes:
        raise _too_large(path)
    if getattr(image, "n_frames", 1) > 1 and image.format == "PNG":
        raise PixelError(
            f"{path} is animated.", "Give its frames as files of their own.", code="animated"
        )
    with path.open("rb") as file:
        head = file.read(26)
    if image.format == "PNG" and head[24] == 16 and head[25] != 0:
        raise PixelError(
            f"{path} holds 16 bits for each colour, which would be cut to 8.",
            "Save it as gray with 16 bits, or as colour with 8.",
            code="colour-depth",
        )
    if image.mode not in _CONVERTED and image.mode not in _SIXTEEN:
        raise PixelError(
            f"{path} holds {image.mode} pixels, which are not read.",
            "Save it as gray or RGB.",
            code="colour",
        )


def _pixels(path: Path, image: "Image") -> tuple[Picture, tuple[Reason, ...]]:
    from PIL import ImageOps

    reasons: list[Reason] = []
    if image.getexif().get(_ORIENTATION, 1) not in (0, 1):
        image = ImageOps.exif_transpose(image)
        text = f"{path.name} was turned upright as its camera noted (EXIF)."
        reasons.append(Reason("turned", text))
    if image.mode in _SIXTEEN:
        return Picture(_sixteen(path, np.asarray(image))), tuple(reasons)
    array = np.asarray(image.convert(_CONVERTED[image.mode]))
    if array.ndim == 3 and array.shape[2] in (2, 4):
        if (array[..., -1] != 255).any():
            raise PixelError(
                f"{path} has transparent pixels, whose brightness is not known.",
                "Save it without transparency.",
                code="transparent",
            )
        array = array[..., 0] if array.shape[2] == 2 else array[..., :3]
    if array.ndim == 3 and (array == array[..., :1]).all():
        array = array[..., 0]
        reasons.append(Reason("gray", f"{path.name} is gray, stored as colour."))
    return Picture(np.ascontiguousarray(array)), tuple(reasons)


def _sixteen(path: Path, array: Array) -> Array:
    if array.size and (array.min() < 0 or array.max() > 0xFFFF):
        raise PixelError(f"{path} holds values past 16 bits.", code="colour-depth")
    return array.astype(np.uint16)


def _too_large(path: Path) -> LimitError:
    return LimitError(
        f"{path} is larger than pictures may be.",
        f"Its file has {path.stat().st_size / MIB:.1f} MiB; cut it into tiles.",
        code="pixel-size",
    )
