"""The pre-screen: one walk over the elements of a header that proves its structure within a budget.

The rules for odd encodings (an implicit item within an explicit sequence, UN with undefined length,
an unknown VR) are pydicom's, so that what is proved here is what pydicom reads later
(PS3.5 sections 6.2.2 and 7).
"""

from dataclasses import dataclass, field
from pathlib import Path
from struct import Struct
from typing import Final

from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.tag import BaseTag

from medmm.dicom.hostile.budget import Budget
from medmm.dicom.hostile.sources import Source, header_too_long
from medmm.errors import InputError, LimitError

PIXEL_TAGS: Final = {0x7FE00008: "FloatPixelData", 0x7FE00009: "DoubleFloatPixelData"} | {
    0x7FE00010: "PixelData"
}
UNDEFINED: Final = 0xFFFFFFFF
_ITEM: Final = 0xFFFEE000
_ITEM_END: Final = 0xFFFEE00D
_SEQUENCE_END: Final = 0xFFFEE0DD

SHORT_VRS: Final = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split()
)
LONG_VRS: Final = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
BLANK: Final = "  "
"""Some writers leave the VR of an element blank; its length has 16 bits then."""
_SHORT_NAMES: Final = {vr: vr.decode() for vr in SHORT_VRS}
_NAMES: Final = {vr: vr.decode() for vr in SHORT_VRS | LONG_VRS}


_raw = tuple.__new__  # a named tuple's own constructor takes three times as long


class NeedMoreError(Exception):
    """The walk has come to the end of what was read, not to the end of what there is."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


@dataclass(slots=True)
class Walked:
    """Top-level elements with their raw values, where they ended, and where pixels begin, if so."""

    elements: dict[BaseTag, RawDataElement] = field(default_factory=dict)
    end: int = 0
    pixels: tuple[int, str, int, int] | None = None
    """Tag, VR, offset of the value and its claimed length."""
    padded: bool = False


class Walker:
    """Walks elements of ``source`` in one encoding; counts them against the budget.

    ``only_group`` stops at the first element of another group.

    Raises:
        NeedMoreError: the source must grow first.
        LimitError: too deep, too many or too long.
        InputError: truncated or not built as PS3.5 says.
    """

    def __init__(
        self,
        source: Source,
        path: Path,
        budget: Budget,
        start: int,
        *,
        explicit: bool,
        little: bool,
        only_group: int | None = None,
    ) -> None:
        self._data = source.data
        self._source = source
        self._path = path
        self._budget = budget
        self._explicit = explicit
        self._little = little
        self._only_group = only_group
        self._walked = Walked(end=start)
        self._count = 0
        order = "<" if little else ">"
        self._head = Struct(order + "HH2sH")
        self._plain = Struct(order + "HHL")
        self._long = Struct(order + "L")

    def top(self) -> Walked:
        """Elements from the start to pixel data, the end, or the first of another group.

        After `NeedMoreError` and a grown source, calling again goes on where it stopped.
        """
        self._data = self._source.data
        walked = self._walked
        while True:
            at = walked.end = self._plain_run(walked.end)
            if self._ends(at, walked):
                return walked
            tag, vr, length, at = self._header(at, explicit=self._explicit)
            if self._only_group is not None:
                if tag >> 16 != self._only_group:
                    return walked
            elif tag in PIXEL_TAGS:
                walked.pixels = (tag, vr or "OW", at, length)
                return walked
            if tag >> 16 == 0xFFFE:
                raise self._broken(walked.end, "a sequence delimiter outside any sequence")
            element, at = self._element(tag, vr, length, at)
            self._keep(element)
            walked.end = at

    def _plain_run(self, at: int) -> int:
        """Keep elements of a known short VR that are wholly at hand; where the first other is.

        Nearly all elements are of this kind, so nothing here is called that can be written out.
        """
        if not self._explicit or self._only_group is not None:
            return at
        data, little, elements = self._data, self._little, self._walked.elements
        unpack, last = self._head.unpack_from, len(self._data)
        left = self._budget.elements - self._count
        while at + 8 <= last and left > 0:
            group, number, vr, length = unpack(data, at)
            name = _SHORT_NAMES.get(vr)
            end = at + 8 + length
            if name is None or end > last or not 0 < group < 0x7FE0:
                break
            tag = BaseTag(group << 16 | number)
            if tag in elements:
                break
            elements[tag] = _raw(
                RawDataElement,
                (tag, name, length, data[at + 8 : end], at + 8, False, little, True, False),
            )
            at = end
            left -= 1
        self._count = self._budget.elements - left
        return at

    def _keep(self, element: RawDataElement) -> None:
        """Keep an element; one that was there before must be its equal."""
        doubled = self._walked.elements.get(element.tag)
        if doubled is not None and doubled.value != element.value:
            raise InputError(
                f"{self._path} holds {element.tag} twice with different values.",
                "Which one is meant cannot be known; export the file again.",
                code="doubled-element",
                tag=str(element.tag),
            )
        self._walked.elements[element.tag] = element

    def _ends(self, at: int, walked: Walked) -> bool:
        """Whether nothing but padding follows."""
        data = self._data
        if at + 8 <= len(data):
            if data[at : at + 4] != b"\0\0\0\0":
                return False
        elif self._source.covers(at + 8):
            raise NeedMoreError(at + 8)
        rest = data[at:]
        walked.padded = len(rest) > 0
        return not rest.strip(b"\0") or len(rest) < 8

    def _element(
        self, tag: int, vr: str | None, length: int, at: int
    ) -> tuple[RawDataElement, int]:
        """The element whose value begins at ``at``, and where it ends."""
        implicit = vr is None
        if vr == BLANK:
            vr = "UN"
        if length == UNDEFINED:
            vr, implicit = self._undefined_kind(tag, vr, at, implicit=implicit)
            if vr == "SQ":
                end, stop = self._sequence(at, None, 1, explicit=not implicit)
            else:
                end, stop = self._fragments(at)
        else:
            end = stop = at + length
            self._reach(end, at)
            if vr == "SQ" or self._looks_nested(tag, vr, at, length):
                vr = self._nested(tag, vr, at, end)
        value = self._data[at:end]
        raw = RawDataElement(BaseTag(tag), vr, len(value), value, at, implicit, self._little)
        return raw, stop

    def _nested(self, tag: int, vr: str | None, at: int, end: int) -> str | None:
        """Prove a value of known length as a sequence; bytes that only look like one stay bytes."""
        try:
            self._sequence(at, end, 1, explicit=self._explicit)
        except LimitError:
            raise
        except InputError:
            if vr == "SQ" or _dictionary(tag) == "SQ":
                raise
            return "OB" if vr is None or vr == "UN" else vr
        return vr

    def _looks_nested(self, tag: int, vr: str | None, at: int, length: int) -> bool:
        """Whether pydicom may take a value for a sequence though the file does not call it one."""
        if length < 8 or vr not in (None, "UN"):
            return False
        if self._plain.unpack_from(self._data, at)[:2] == (0xFFFE, 0xE000):
            return True
        return _dictionary(tag) == "SQ"

    def _undefined_kind(
        self, tag: int, vr: str | None, at: int, *, implicit: bool
    ) -> tuple[str | None, bool]:
        """VR and implicitness of a value of undefined length (PS3.5 section 6.2.2)."""
        if vr == "UN":
            return "SQ", True
        if vr is not None:
            return vr, implicit
        known = _dictionary(tag)
        if known is not None:
            return known, True
        self._reach(at + 8, at)
        is_item = self._plain.unpack_from(self._data, at)[:2] == (0xFFFE, 0xE000)
        return ("SQ" if is_item else "OB"), True

    def _header(self, at: int, *, explicit: bool) -> tuple[int, str | None, int, int]:
        """Tag, VR (None where implicit), length and where the value begins."""
        data = self._data
        self._count += 1
        if self._count > self._budget.elements:
            raise LimitError(
                f"{self._path} has more than {self._budget.elements} elements in its header.",
                "If the file is trusted, read it with a larger budget.",
                code="elements",
            )
        if at + 12 > len(data):
            self._reach(at + 8, at)
            if self._source.covers(at + 12) and at + 12 > len(data):
                raise NeedMoreError(at + 12)
        if explicit:
            group, element, vr, length = self._head.unpack_from(data, at)
            if vr in SHORT_VRS:
                return group << 16 | element, _NAMES[vr], length, at + 8
            if vr in LONG_VRS:
                self._reach(at + 12, at)
                (length,) = self._long.unpack_from(data, at + 8)
                return group << 16 | element, _NAMES[vr], length, at + 12
            if vr == b"  ":
                return group << 16 | element, BLANK, length, at + 8
            if group != 0xFFFE and b"AA" <= vr <= b"ZZ":
                raise self._broken(at, "an unknown value representation")
        group, element, length = self._plain.unpack_from(data, at)
        return group << 16 | element, None, length, at + 8

    def _reach(self, end: int, at: int) -> None:
        """Make sure that bytes up to ``end`` are at hand."""
        if end <= len(self._data):
            return
        if end - at > self._budget.header_bytes and self._source.covers(end):
            raise header_too_long(self._path, self._budget)
        if self._source.covers(end):
            raise NeedMoreError(end)
        raise self._truncated(at)

    def _sequence(self, at: int, end: int | None, depth: int, *, explicit: bool) -> tuple[int, int]:
        """Items up to ``end`` or the delimiter; where items end, and where the sequence ends."""
        if depth > self._budget.depth:
            raise LimitError(
                f"{self._path} nests sequences more than {self._budget.depth} deep.",
                "No image needs that; export the file again.",
                code="depth",
            )
        while end is None or at < end:
            if end is not None and at + 8 > end:
                raise self._broken(at, "a sequence that ends within an item")
            start = at
            tag, length, at = self._item_header(at)
            if tag == _SEQUENCE_END:
                return start, at
            if tag != _ITEM:
                raise self._broken(start, "something else where a sequence item must be")
            stop = None if length == UNDEFINED else at + length
            if stop is not None:
                if end is not None and stop > end:
                    raise self._broken(start, "an item longer than its sequence")
                self._reach(stop, at)
            at = self._item(at, stop, end, depth, explicit=explicit)
        return at, at

    def _item_header(self, at: int) -> tuple[int, int, int]:
        self._reach(at + 8, at)
        group, element, length = self._plain.unpack_from(self._data, at)
        self._count += 1
        return group << 16 | element, length, at + 8

    def _item(
        self, at: int, stop: int | None, limit: int | None, depth: int, *, explicit: bool
    ) -> int:
        """Elements of one item; returns where it ends."""
        bound = stop if stop is not None else limit
        if explicit and (stop is None or at + 6 <= stop):
            self._reach(at + 8 if stop is None else at + 6, at)
            explicit = _is_vr(self._data[at + 4 : at + 6]) or self._data[at : at + 2] in (
                b"\xfe\xff",
                b"\xff\xfe",
            )
        while stop is None or at < stop:
            if bound is not None and at + 8 > bound:
                raise self._broken(at, "an element that ends outside its item")
            start = at
            tag, vr, length, at = self._header(at, explicit=explicit)
            if tag == _ITEM_END:
                if stop is not None:
                    raise self._broken(start, "an item delimiter in an item of known length")
                return at
            if tag >> 16 == 0xFFFE or vr == BLANK:
                raise self._broken(start, "something that is no element")
            at = self._inner(tag, vr, length, at, depth, explicit=explicit)
            if bound is not None and at > bound:
                raise self._broken(start, "an element longer than its item")
        return at

    def _inner(
        self, tag: int, vr: str | None, length: int, at: int, depth: int, *, explicit: bool
    ) -> int:
        """Step over one element of an item; returns where it ends."""
        if length == UNDEFINED:
            kind, implicit = self._undefined_kind(tag, vr, at, implicit=not explicit)
            if kind == "SQ":
                return self._sequence(at, None, depth + 1, explicit=not implicit)[1]
            return self._fragments(at)[1]
        end = at + length
        self._reach(end, at)
        if vr == "SQ" or (vr is None and _dictionary(tag) == "SQ"):
            self._sequence(at, end, depth + 1, explicit=explicit)
        elif self._looks_nested(tag, vr, at, length):
            try:
                self._sequence(at, end, depth + 1, explicit=explicit)
            except LimitError:
                raise
            except InputError:
                return end
        return end

    def _fragments(self, at: int) -> tuple[int, int]:
        """Fragments of an encapsulated value outside the pixel data (an icon, PS3.5 A.4)."""
        while True:
            start = at
            tag, length, at = self._item_header(at)
            if tag == _SEQUENCE_END:
                return start, at
            if tag != _ITEM or length == UNDEFINED:
                raise self._broken(start, "something else where a fragment must be")
            self._reach(at + length, at)
            at += length
            if self._count > self._budget.elements:
                raise LimitError(f"{self._path} has too many fragments.", code="elements")

    def _truncated(self, at: int) -> InputError:
        return InputError(
            f"{self._path} ends within its header, in the element at byte {at}.",
            "It was cut off on its way; ask for it to be sent again.",
            code="truncated",
        )

    def _broken(self, at: int, what: str) -> InputError:
        return InputError(
            f"{self._path} is not built as DICOM: at byte {at} it has {what}.",
            "Ask for it to be sent again from its source.",
            code="structure",
        )


def _is_vr(two: bytes) -> bool:
    """Whether two bytes are in the range of letters that pydicom takes for a VR."""
    return len(two) == 2 and 0x40 < two[0] < 0x5B and 0x40 < two[1] < 0x5B


def _dictionary(tag: int) -> str | None:
    """The dictionary's VR of a public tag."""
    if tag >> 16 & 1:
        return None
    try:
        return dictionary_VR(tag)
    except KeyError:
        return None
