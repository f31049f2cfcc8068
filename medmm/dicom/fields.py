"""Elements of a dataset as plain text and checked numbers, read without converting the rest of it.

pydicom keeps elements raw until they are asked for; reading those raw bytes costs a fifth of the
conversion, which matters when a thousand slices are opened.
"""

import math
import struct
import warnings
from collections.abc import Sequence
from typing import Any

from pydicom.charset import convert_encodings, decode_bytes
from pydicom.datadict import (
    dictionary_has_tag,
    dictionary_VR,
    keyword_for_tag,
    tag_for_keyword,
)
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag, Tag
from pydicom.valuerep import TEXT_VR_DELIMS, PersonName

from medmm.errors import GeometryError, InputError
from medmm.nouns.characters import is_hidden

LONGEST_TEXT = 1024
_WORDS = {2: "H", 4: "I", 8: "Q"}


def tag(keyword: str) -> BaseTag:
    """The tag of a DICOM keyword of the dictionary."""
    number = tag_for_keyword(keyword)
    if number is None:
        raise KeyError(keyword)
    return Tag(number)


def keyword(number: int) -> str:
    """The keyword of a tag, or the tag as text where the dictionary has none."""
    return keyword_for_tag(number) or str(Tag(number))


def clean(text: str) -> str:
    """One line of text without characters that hide, reverse or command, bounded in length."""
    text = text[:LONGEST_TEXT]
    if not (text.isascii() and text.isprintable()):
        spaced = (" " if character in "\r\n\t\f" else character for character in text)
        text = "".join(character for character in spaced if not is_hidden(character))
    return " ".join(text.split())


def number(text: str) -> float:
    """A decimal string (DS, IS) as a finite number.

    Raises:
        ValueError: it is none (a comma, "nan", "inf", empty), as pydicom would let pass.
    """
    value = float(text.strip())
    if not math.isfinite(value) or "_" in text:
        raise ValueError(text)
    return value


class Fields:
    """One level of a dataset, read by tag."""

    __slots__ = ("_encodings", "dataset")

    def __init__(self, dataset: Dataset, encodings: Sequence[str] | None = None) -> None:
        self.dataset = dataset
        self._encodings = encodings

    def raw(self, number: int) -> Any:
        """The stored bytes of an element (or its value where pydicom converted it), else None."""
        element = self.dataset.get_item(number)
        return None if element is None else element.value

    def has(self, number: int) -> bool:
        """Whether the element is there with a value."""
        value = self.raw(number)
        return value is not None and (not hasattr(value, "__len__") or len(value) > 0)

    def codes(self, number: int) -> tuple[str, ...]:
        """Values of an element of plain ASCII (CS, UI, DS, IS, DA, TM), padding taken off."""
        value = self.raw(number)
        if value is None:
            return ()
        if isinstance(value, bytes):
            text = value.decode("latin-1")
        elif isinstance(value, str | int | float):
            text = str(value)
        else:
            text = "\\".join(str(part) for part in value)
        if not text:
            return ()
        return tuple(part.strip(" \x00") for part in text.split("\\"))

    def code(self, number: int) -> str:
        """The first value of an element of plain ASCII, or empty text."""
        values = self.codes(number)
        return values[0] if values else ""

    def numbers(self, number_: int) -> tuple[float, ...]:
        """Values of a DS, IS, FD, FL or integer element, all finite.

        Raises:
            GeometryError: one of them is not a finite number (code ``bad_number``).
        """
        element = self.dataset.get_item(number_)
        if element is None or element.value is None:
            return ()
        try:
            if isinstance(element.value, bytes) and _is_decimal_text(element):
                return tuple(number(part) for part in self.codes(number_) if part)
            value = self.dataset[number_].value
            values = value if isinstance(value, list | tuple) or _is_multi(value) else [value]
            return tuple(number(str(part)) for part in values if part is not None and part != "")
        except (ValueError, OverflowError, TypeError, NotImplementedError) as error:
            name = keyword(number_)
            raise GeometryError(
                f"{name} is not a number.",
                "Ask for the images to be sent again from their source.",
                code="bad_number",
                tag=name,
            ) from error

    def scalar(self, number_: int) -> float | None:
        """The first number of an element, or None."""
        values = self.numbers(number_)
        return values[0] if values else None

    def integer(self, number_: int, bits_signed: int = 0) -> int | None:
        """A whole number: of binary words (US, SS, UL) or text (IS); None where it is absent.

        ``bits_signed`` reads the word as two's complement of that many bits, whatever VR the file
        gives it (US and SS are ambiguous where PixelRepresentation decides, PS3.5 A.1).
        """
        element = self.dataset.get_item(number_)
        if element is None or element.value is None:
            return None
        value = element.value
        if isinstance(value, bytes):
            if _is_decimal_text(element):
                return self._integer_text(number_)
            if len(value) not in _WORDS:
                return None
            order = "<" if getattr(element, "is_little_endian", True) else ">"
            word = int(struct.unpack(order + _WORDS[len(value)], value)[0])
        elif isinstance(value, int):
            word = value
        else:
            return self._integer_text(number_)
        if bits_signed:
            word &= (1 << bits_signed) - 1
            word -= (word >> (bits_signed - 1)) << bits_signed
        return word

    def _integer_text(self, number_: int) -> int | None:
        try:
            return int(number(self.code(number_)))
        except ValueError:
            return None

    def text(self, number_: int) -> str:
        """Text decoded by SpecificCharacterSet (escapes included), clean of control characters.

        Bytes that the declared character set does not know become U+FFFD, never another letter.
        """
        element = self.dataset.get_item(number_)
        if element is None or element.value is None:
            return ""
        value = element.value
        if not isinstance(value, bytes):
            return clean(str(value))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                if number_ == _PATIENT_NAME:
                    return clean(str(PersonName(value, self.encodings).decode(self.encodings)))
                return clean(decode_bytes(value, self.encodings, TEXT_VR_DELIMS))
            except (LookupError, ValueError, AttributeError, TypeError):
                return clean(value.decode("ascii", "replace"))

    @property
    def encodings(self) -> Sequence[str]:
        """Python names of the declared character sets; unknown ones read as ASCII."""
        if self._encodings is None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    self._encodings = convert_encodings(list(self.codes(_CHARSET)) or [""])
                except (LookupError, ValueError, TypeError):
                    self._encodings = ["ascii"]
        return self._encodings

    def items(self, number_: int) -> tuple["Fields", ...]:
        """The items of a sequence; none where it is absent.

        Raises:
            InputError: the sequence cannot be parsed (code ``unreadable_header``).
        """
        if number_ not in self.dataset:
            return ()
        try:
            value = self.dataset[number_].value
        except (ValueError, TypeError, KeyError, NotImplementedError, OSError, struct.error) as e:
            raise InputError(
                f"{keyword(number_)} cannot be parsed.", code="unreadable_header"
            ) from e
        if not isinstance(value, Sequence):
            return ()
        return tuple(
            Fields(item, self.encodings if _CHARSET not in item else None)
            for item in value
            if isinstance(item, Dataset)
        )

    def item(self, number_: int) -> "Fields | None":
        """The first item of a sequence, or None."""
        items = self.items(number_)
        return items[0] if items else None


def _is_decimal_text(element: Any) -> bool:
    """Whether a raw value is text of numbers, by its VR or, in implicit files, by dictionary."""
    vr: str | None = element.VR
    if vr is None and dictionary_has_tag(element.tag):
        vr = dictionary_VR(element.tag)
    return vr in ("DS", "IS")


def _is_multi(value: Any) -> bool:
    return hasattr(value, "__iter__") and not isinstance(value, str | bytes)


_CHARSET = tag("SpecificCharacterSet")
_PATIENT_NAME = tag("PatientName")
