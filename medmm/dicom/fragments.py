"""Encapsulated pixel data (PS3.5 annex A.4): which bytes of the file make up which frame."""

import os
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from typing import Final

from pydicom.dataset import Dataset

from medmm.dicom.fields import Fields, tag
from medmm.dicom.hostile.budget import Budget
from medmm.errors import LimitError, PixelError

_OFFSETS = tag("ExtendedOffsetTable")
_HEAD: Final = Struct("<HHL")
_ITEM: Final = (0xFFFE, 0xE000)
_END: Final = (0xFFFE, 0xE0DD)
_BLOCK: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes of the file."""

    offset: int
    length: int


Frame = tuple[Span, ...]
"""The fragments of one frame, in order."""


def frame_spans(
    path: Path, offset: int, frames: int, dataset: Dataset, budget: Budget, *, one_each: bool
) -> tuple[list[Frame], bool]:
    """Fragments of every frame, and whether the closing delimiter was missing.

    ``one_each`` says that the codec keeps a frame in one fragment (RLE, PS3.5 A.4.2).

    Raises:
        PixelError: fragments run past the file, or do not make ``frames`` frames.
        LimitError: there are more fragments than any budget allows.
    """
    with path.open("rb") as file:
        table, fragments, closed = _fragments(file.fileno(), path, offset, budget, frames)
    fragments_at = {span.offset - 8: index for index, span in enumerate(fragments)}
    starts = _extended(dataset) or table
    first = fragments[0].offset - 8 if fragments else 0
    if starts and len(starts) == frames:
        found = _by_table(path, [first + start for start in starts], fragments, fragments_at)
    elif starts:
        raise _mismatch(path, len(starts), frames)
    elif frames == 1:
        found = [tuple(fragments)] if fragments else []
    elif len(fragments) == frames or one_each:
        found = [(span,) for span in fragments]
    else:
        found = _by_marker(path, fragments)
    if len(found) != frames or not all(found):
        raise _mismatch(path, len(found), frames)
    return found, not closed


def read_spans(path: Path, spans: Frame) -> bytes:
    """The bytes of one frame, its fragments joined.

    Raises:
        PixelError: the file became shorter or unreadable since it was parsed.
    """
    try:
        with path.open("rb", buffering=0) as file:
            parts = [os.pread(file.fileno(), span.length, span.offset) for span in spans]
    except OSError as error:
        raise PixelError(
            f"{path} cannot be read: {error.strerror or error}.", code="unreadable"
        ) from error
    if any(len(part) != span.length for part, span in zip(parts, spans, strict=True)):
        raise _cut_off(path)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _fragments(
    descriptor: int, path: Path, at: int, budget: Budget, frames: int
) -> tuple[list[int], list[Span], bool]:
    """Basic offset table, fragments after it, and whether a delimiter closes them."""
    size = os.fstat(descriptor).st_size
    most = budget.elements + 16 * frames
    spans: list[Span] = []
    block, block_at = b"", 0
    while at + 8 <= size:
        if not block_at <= at <= block_at + len(block) - 8:
            block, block_at = os.pread(descriptor, _BLOCK, at), at
        if len(block) < 8:
            break
        group, element, length = _HEAD.unpack_from(block, at - block_at)
        at += 8
        if (group, element) == _END:
            return _split(path, descriptor, spans, closed=True)
        if (group, element) != _ITEM:
            return _split(path, descriptor, spans, closed=False)
        if at + length > size:
            raise _cut_off(path)
        spans.append(Span(at, length))
        if len(spans) > most:
            raise LimitError(f"{path} has more than {most} fragments.", code="fragments")
        at += length
    return _split(path, descriptor, spans, closed=False)


def _split(
    path: Path, descriptor: int, spans: list[Span], *, closed: bool
) -> tuple[list[int], list[Span], bool]:
    """The first item is the basic offset table, the others are fragments."""
    if not spans:
        raise _cut_off(path)
    raw = os.pread(descriptor, spans[0].length, spans[0].offset)
    table = [value for (value,) in Struct("<L").iter_unpack(raw[: len(raw) // 4 * 4])]
    return table, spans[1:], closed


def _extended(dataset: Dataset) -> list[int]:
    """Extended Offset Table (PS3.3 C.7.6.3.1.8), or nothing."""
    raw = Fields(dataset).raw(_OFFSETS)
    if not isinstance(raw, bytes) or not raw or len(raw) % 8:
        return []
    order = "<" if dataset.original_encoding[1] is not False else ">"
    return [value for (value,) in Struct(order + "Q").iter_unpack(raw)]


def _by_table(
    path: Path, starts: list[int], fragments: list[Span], fragments_at: dict[int, int]
) -> list[Frame]:
    """Frames whose first fragments begin at ``starts``."""
    indices = [fragments_at.get(start) for start in starts]
    wanted = [index for index in indices if index is not None]
    if len(wanted) != len(starts) or wanted != sorted(set(wanted)) or wanted[0] != 0:
        raise PixelError(
            f"The offset table of {path} does not point at its fragments.",
            "Export the file again.",
            code="offset-table",
            tag="ExtendedOffsetTable",
        )
    return [
        tuple(fragments[first:last])
        for first, last in zip(wanted, [*wanted[1:], len(fragments)], strict=True)
    ]


def _by_marker(path: Path, fragments: list[Span]) -> list[Frame]:
    """Frames told apart by the codestream's own start marker, where no table is given."""
    frames: list[list[Span]] = []
    with path.open("rb") as file:
        for span in fragments:
            head = os.pread(file.fileno(), 4, span.offset)
            if head[:2] == b"\xff\xd8" or head == b"\xff\x4f\xff\x51" or not frames:
                frames.append([])
            frames[-1].append(span)
    return [tuple(frame) for frame in frames]


def _cut_off(path: Path) -> PixelError:
    return PixelError(
        f"{path} is cut off within its pixel data.",
        "Ask for it to be sent again.",
        code="truncated",
        tag="PixelData",
    )


def _mismatch(path: Path, found: int, frames: int) -> PixelError:
    return PixelError(
        f"{path} holds {found} frames, but NumberOfFrames says {frames}.",
        "Ask for it to be sent again.",
        code="frame-count",
        tag="NumberOfFrames",
    )
