"""A DICOM file into a dataset without pixels, and where its pixels are, within a budget."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from pydicom.charset import python_encoding
from pydicom.dataelem import RawDataElement
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.tag import BaseTag

from medmm.dicom.hostile.budget import DEFAULT, Budget
from medmm.dicom.hostile.sources import FileSource, InflatedSource, Source
from medmm.dicom.hostile.walking import (
    LONG_VRS,
    PIXEL_TAGS,
    SHORT_VRS,
    UNDEFINED,
    NeedMoreError,
    Walked,
    Walker,
)
from medmm.errors import InputError
from medmm.nouns import Reason

IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"

_UID = re.compile(r"[0-9.]{1,64}")
_SYNTAX_TAG = BaseTag(0x00020010)
_CHARSET_TAG = BaseTag(0x00080005)
_EXECUTABLE = {
    b"MZ": "a Windows program",
    b"\x7fELF": "a Linux program",
    b"\xcf\xfa\xed\xfe": "a macOS program",
    b"\xca\xfe\xba\xbe": "a Java or macOS program",
    b"#!": "a script",
    b"%PDF": "a PDF",
    b"<": "a web page",
    b"PK": "an archive",
}
_FIRST_GROUPS = (0x0002, 0x0004, 0x0008)


@dataclass(frozen=True, slots=True)
class PixelLocation:
    """Where the value of the pixel data is: in the file, or in what its deflated part becomes.

    ``length`` is None where the value is encapsulated (undefined length): fragments begin at
    ``offset``. ``deflated_from`` is the byte of the file where the deflate stream begins, or None.
    """

    path: Path
    keyword: str
    vr: str
    offset: int
    length: int | None
    deflated_from: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ParsedFile:
    """A header that was proved within its budget; ``dataset`` has file_meta but no pixel data.

    ``syntax`` is the transfer syntax UID as declared, or as found where none is declared.
    ``implicit`` and ``little`` are how the header is really written.
    """

    path: Path
    dataset: FileDataset
    syntax: str
    pixels: PixelLocation | None
    warnings: tuple[Reason, ...]
    budget: Budget
    implicit: bool
    little: bool


def looks_like_dicom(path: Path) -> float:
    """How sure (0 to 1) the first bytes are that this is DICOM; 0 for what cannot be opened."""
    try:
        with path.open("rb") as file:
            head = file.read(132 + 12)
    except OSError:
        return 0.0
    if head[128:132] == b"DICM":
        return 1.0
    return 0.7 if _encoding_of(head) is not None else 0.0


def parse(path: Path, budget: Budget = DEFAULT, *, header_only: bool = False) -> ParsedFile:
    """Read a header; pixels stay in the file.

    ``header_only`` also takes a file that is cut off within its pixels, without their location, so
    that it can be said which series lacks a slice.

    Raises:
        LimitError: the file asks for more than ``budget`` allows.
        InputError: it is no DICOM file, is cut off or broken (``code`` says which).
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise _unreadable(path, error) from error
    try:
        return _parse(descriptor, path, budget, header_only=header_only)
    except OSError as error:
        raise _unreadable(path, error) from error
    finally:
        os.close(descriptor)


def _parse(descriptor: int, path: Path, budget: Budget, *, header_only: bool) -> ParsedFile:
    source = FileSource(descriptor, path, budget)
    notes: list[Reason] = []
    start, preamble = _start(source, path, notes)
    meta, at = _meta(source, start, path, budget)
    declared = _syntax(meta, path)
    inflated: InflatedSource | None = None
    body: Source = source
    if declared == DEFLATED:
        inflated = InflatedSource(descriptor, at, path, budget)
        body = inflated
    encoding = _encoding(body, 0 if inflated else at, declared, path, notes)
    start = 0 if inflated else at
    explicit, little = not encoding.implicit, encoding.little
    walker = Walker(body, path, budget, start, explicit=explicit, little=little)
    walked = _grown(body, path, walker)
    if walked.padded:
        notes.append(Reason("padding", "Padding after the last element was left out."))
    pixels = None if header_only else _pixels(walked, source, path, at if inflated else None)
    dataset = _dataset(path, walked, preamble, meta, encoding, notes)
    syntax = declared or encoding.syntax
    return ParsedFile(
        path, dataset, syntax, pixels, tuple(notes), budget, encoding.implicit, encoding.little
    )


@dataclass(frozen=True, slots=True)
class _Encoding:
    implicit: bool
    little: bool

    @property
    def syntax(self) -> str:
        if self.implicit:
            return IMPLICIT_LITTLE
        return EXPLICIT_LITTLE if self.little else EXPLICIT_BIG


def _grown(source: Source, path: Path, walker: Walker) -> Walked:
    """Walk; where bytes run out, read on and walk on."""
    while True:
        try:
            return walker.top()
        except NeedMoreError as need:
            if not source.grow(need.size) and source.covers(need.size):
                raise InputError(
                    f"{path} became shorter while it was read.",
                    "Read it again when it is whole.",
                    code="truncated",
                ) from need


def _start(source: FileSource, path: Path, notes: list[Reason]) -> tuple[int, bytes | None]:
    """Where the meta group or the dataset begins, and the preamble if there is one."""
    head = source.data[:132]
    if head[128:132] == b"DICM":
        preamble = head[:128]
        for magic, what in _EXECUTABLE.items():
            if preamble.startswith(magic):
                text = f"The preamble of {path.name} begins like {what}; it was not looked into."
                notes.append(Reason("preamble", text))
        return 132, preamble
    if _encoding_of(source.data[:16]) is None:
        raise InputError(
            f"{path} is not a DICOM file.",
            "If it is another kind of image, give its modality and body part.",
            code="not-dicom",
        )
    notes.append(Reason("no-preamble", f"{path.name} has no DICOM preamble."))
    return 0, None


def _meta(
    source: FileSource, at: int, path: Path, budget: Budget
) -> tuple[dict[BaseTag, RawDataElement], int]:
    """The file meta group (PS3.10 7.1): explicit little endian, unless a writer erred."""
    if source.data[at : at + 2] != b"\x02\x00":
        return {}, at
    explicit = source.data[at + 4 : at + 6] in SHORT_VRS | LONG_VRS
    walker = Walker(source, path, budget, at, explicit=explicit, little=True, only_group=2)
    walked = _grown(source, path, walker)
    return walked.elements, walked.end


def _syntax(meta: dict[BaseTag, RawDataElement], path: Path) -> str | None:
    element = meta.get(_SYNTAX_TAG)
    if element is None or not element.value:
        return None
    text = element.value.decode("latin-1").strip("\0 ")
    if not _UID.fullmatch(text):
        raise InputError(
            f"{path} names a transfer syntax that is no UID.",
            "Export the file again.",
            code="transfer-syntax",
            tag="TransferSyntaxUID",
        )
    return text


def _encoding(
    source: Source, at: int, declared: str | None, path: Path, notes: list[Reason]
) -> _Encoding:
    """How the dataset is written: as declared, unless its first element shows otherwise."""
    head = source.data[at : at + 12]
    if len(head) < 12 and source.grow(at + 12):
        head = source.data[at : at + 12]
    seen = _encoding_of(head, first=False)
    if declared is None:
        if seen is None:
            raise InputError(
                f"{path} does not say how it is written.",
                "Export the file again with its file meta information.",
                code="transfer-syntax",
                tag="TransferSyntaxUID",
            )
        notes.append(
            Reason(
                "syntax-guessed",
                f"{path.name} names no transfer syntax; its first element shows {seen.syntax}.",
                "TransferSyntaxUID",
            )
        )
        return seen
    claimed = _Encoding(declared == IMPLICIT_LITTLE, declared != EXPLICIT_BIG)
    if seen is None or seen == claimed:
        return claimed
    notes.append(
        Reason(
            "syntax-wrong",
            f"{path.name} is written otherwise than its transfer syntax says.",
            "TransferSyntaxUID",
        )
    )
    return seen


def _encoding_of(head: bytes, *, first: bool = True) -> _Encoding | None:
    """How an element at the front of ``head`` is written, or None if it looks like none.

    ``first`` asks for the groups that a file without preamble begins with.
    """
    if len(head) < 8:
        return None
    known = head[4:6] in SHORT_VRS or head[4:6] in LONG_VRS
    as_little, as_big = int.from_bytes(head[:2], "little"), int.from_bytes(head[:2], "big")
    little = as_little <= as_big or not known
    group = as_little if little else as_big
    element = int.from_bytes(head[2:4], "little" if little else "big")
    if first and (group not in _FIRST_GROUPS or element > 0x0100):
        return None
    if known:
        return _Encoding(implicit=False, little=little)
    if group < 0x0100 and int.from_bytes(head[4:8], "little") < 0x10000:
        return _Encoding(implicit=True, little=True)
    return None


def _pixels(
    walked: Walked, source: FileSource, path: Path, deflated_from: int | None
) -> PixelLocation | None:
    if walked.pixels is None:
        return None
    tag, vr, offset, length = walked.pixels
    if length == UNDEFINED:
        return PixelLocation(path, PIXEL_TAGS[tag], vr, offset, None, deflated_from)
    if deflated_from is None and offset + length > source.size:
        missing = offset + length - source.size
        raise InputError(
            f"{path} is cut off: {missing} bytes of its {PIXEL_TAGS[tag]} are missing.",
            "Ask for it to be sent again.",
            code="truncated",
            tag=PIXEL_TAGS[tag],
        )
    return PixelLocation(path, PIXEL_TAGS[tag], vr, offset, length, deflated_from)


def _dataset(
    path: Path,
    walked: Walked,
    preamble: bytes | None,
    meta: dict[BaseTag, RawDataElement],
    encoding: _Encoding,
    notes: list[Reason],
) -> FileDataset:
    """Pydicom's dataset over the raw elements; each is converted when it is asked for."""
    dataset = FileDataset(
        str(path),
        walked.elements,  # type: ignore[arg-type]
        preamble,
        FileMetaDataset(meta),  # type: ignore[arg-type]
        encoding.implicit,
        encoding.little,
    )
    charset = _charsets(walked.elements.get(_CHARSET_TAG), path, notes)
    dataset.set_original_encoding(encoding.implicit, encoding.little, charset)
    return dataset


def _charsets(element: RawDataElement | None, path: Path, notes: list[Reason]) -> str | list[str]:
    """Python codecs of the declared character sets (PS3.3 C.12.1.1.2); unknown ones as Latin-1."""
    if element is None or not element.value:
        return "iso8859"
    terms = [term.strip("\0 ") for term in element.value.decode("latin-1").split("\\")]
    codecs = [python_encoding.get(term) for term in terms]
    if None in codecs:
        notes.append(
            Reason(
                "charset",
                f"{path.name} names a character set that is not known; names in it are unsure.",
                "SpecificCharacterSet",
            )
        )
    return [codec or "iso8859" for codec in codecs]


def _unreadable(path: Path, error: OSError) -> InputError:
    return InputError(
        f"{path} cannot be read: {error.strerror or error}.",
        "Check that the file is there and that this user may read it.",
        code="unreadable",
    )
