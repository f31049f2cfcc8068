"""Frames of many files into one array, in the order that they are asked for."""

import threading
import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medmm.dicom.frames import FrameReader
from medmm.dicom.hostile.decoding import DecodePool
from medmm.errors import PixelError

Array = NDArray[Any]


class Frames:
    """Reads frames for one `DicomReader` and all series that it gave.

    Compressed frames go through one decoding process, started with the first of them and ended with
    the last series that needs it; native frames are read straight from their files.
    """

    def __init__(self) -> None:
        self._pool = DecodePool()
        self._lock = threading.Lock()
        weakref.finalize(self, self._pool.close)

    def read(self, jobs: Sequence[tuple[FrameReader, int]]) -> Array:
        """Stored values ``[n, row, column]`` (or RGB, ``[n, row, column, 3]``).

        Raises:
            PixelError: a frame cannot be decoded, or is of another shape or type than the first.
        """
        first = jobs[0][0]
        for reader, _ in jobs:
            if reader.shape != first.shape or reader.dtype != first.dtype:
                raise PixelError(
                    f"{reader.path} has frames of another size or type than {first.path.name}.",
                    code="frame-size",
                    tag="Rows",
                )
        out = np.empty((len(jobs), *first.shape), dtype=first.dtype)
        if any(reader.compressed for reader, _ in jobs):
            self._decode(jobs, out)
        else:
            for place, (reader, frame) in enumerate(jobs):
                reader.stored_into(frame, out[place])
        return out

    def _decode(self, jobs: Sequence[tuple[FrameReader, int]], out: Array) -> None:
        with self._lock:
            failed = self._pool.decode_frames(jobs, out)
        if failed:
            raise failed[min(failed)]
