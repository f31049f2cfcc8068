"""Bytes of a file, plain or deflated, handed out from the front and never more than a limit."""

import os
import zlib
from pathlib import Path
from typing import Protocol

from medmm.dicom.hostile.budget import MIB, Budget
from medmm.errors import InputError, LimitError

_FIRST_BLOCK = 32 * 1024
_CHUNK = MIB


class Source(Protocol):
    """Bytes from the front of something."""

    data: bytes
    """What is known so far."""

    def grow(self, size: int) -> bool:
        """Make ``data`` at least ``size`` long; False if there is no more than it holds now."""
        ...

    def covers(self, size: int) -> bool:
        """Whether ``size`` bytes exist, as far as that is known without reading them."""
        ...


class FileSource:
    """The file itself, read in growing blocks."""

    def __init__(self, descriptor: int, path: Path, budget: Budget) -> None:
        self._descriptor = descriptor
        self._path = path
        self._budget = budget
        self.size = os.fstat(descriptor).st_size
        self.data = os.pread(descriptor, _FIRST_BLOCK, 0)

    def grow(self, size: int) -> bool:
        """Read on, at least four times what is there, so that few walks start again."""
        if size > self.size:
            return False
        if size > self._budget.header_bytes:
            raise header_too_long(self._path, self._budget)
        wanted = min(max(size, 4 * len(self.data)), self.size, self._budget.header_bytes)
        missing = wanted - len(self.data)
        self.data += os.pread(self._descriptor, missing, len(self.data))
        return len(self.data) >= size

    def covers(self, size: int) -> bool:
        """Whether the file is that long."""
        return size <= self.size


class InflatedSource:
    """What a raw deflate stream (PS3.5 A.5) becomes, inflated no further than asked."""

    def __init__(
        self, descriptor: int, start: int, path: Path, budget: Budget, *, limit: int | None = None
    ) -> None:
        self._descriptor = descriptor
        self._at = start
        self._path = path
        self._budget = budget
        compressed = max(os.fstat(descriptor).st_size - start, 0)
        self._limit = budget.header_bytes if limit is None else limit
        self._ratio_limit = budget.inflation_limit(compressed)
        self._stream = zlib.decompressobj(-zlib.MAX_WBITS)
        self._pending = b""
        self.data = b""
        self._done = False
        self.grow(min(_FIRST_BLOCK, self._limit))

    def grow(self, size: int) -> bool:
        """Inflate on; the limits hold for what comes out, before it comes out."""
        if size > self._limit:
            raise header_too_long(self._path, self._budget)
        parts = [self.data]
        have = len(self.data)
        wanted = min(max(size, 4 * have), self._limit)
        while have < wanted and not self._done:
            part = self._inflate(min(wanted, self._ratio_limit + 1) - have)
            parts.append(part)
            have += len(part)
            if have > self._ratio_limit:
                raise inflates_too_much(self._path, self._budget)
        self.data = b"".join(parts)
        return have >= size

    def covers(self, size: int) -> bool:
        """Unknown until inflated, so only what is certainly missing counts as missing."""
        return not self._done or size <= len(self.data)

    def _inflate(self, most: int) -> bytes:
        if not self._pending:
            self._pending = os.pread(self._descriptor, _CHUNK, self._at)
            self._at += len(self._pending)
        ends = not self._pending
        try:
            part = self._stream.decompress(self._pending, most)
        except zlib.error as error:
            raise InputError(
                f"{self._path} says it is deflated, but its stream is broken ({error}).",
                "Export the file again.",
                code="deflate",
            ) from error
        self._pending = self._stream.unconsumed_tail
        self._done = self._stream.eof or (ends and not part)
        return part


def header_too_long(path: Path, budget: Budget) -> LimitError:
    """The refusal of a header past its budget."""
    return LimitError(
        f"The header of {path} is longer than {budget.header_bytes // MIB} MiB.",
        "If the file is trusted, read it with a larger budget.",
        code="header-size",
    )


def inflates_too_much(path: Path, budget: Budget) -> LimitError:
    """The refusal of a decompression bomb."""
    return LimitError(
        f"{path} inflates to more than {budget.ratio} times its size.",
        "This is how decompression bombs look; export the file again without compression.",
        code="inflation",
    )
