"""Reads every file of a folder as DICOM, in a process of its own whose memory is then its peak.

Prints how many there are, how many were read, and the peak of resident memory in kB.
"""

import sys
from pathlib import Path

from medmm.dicom.frames import FrameReader
from medmm.dicom.hostile.decoding import DecodePool
from medmm.dicom.hostile.parsing import parse
from medmm.errors import InputError


def main(folder: Path) -> None:
    """Read at most 20 frames of each; what is refused must have a code."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    read = 0
    with DecodePool(threads=2) as pool:
        for path in paths:
            try:
                frames = FrameReader(parse(path), pool)
                for frame in range(min(frames.count, 20)):
                    frames.stored(frame)
            except InputError as error:
                assert error.code, path  # noqa: PT017
                continue
            assert frames.notes is not None
            read += 1
    print(len(paths), read, peak_kb())  # noqa: T201


def peak_kb() -> int:
    """The peak of this program; getrusage would also count the process that it was forked from."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
