"""How much a file may ask for before it is refused."""

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits for one file, one frame or one archive; whatever asks for more raises `LimitError`.

    Attributes:
        depth: sequences within sequences.
        elements: data elements of one header, nested ones included.
        header_bytes: size of a header after inflation, values included.
        pixel_bytes: size of all frames of one file after decoding, and of one NIfTI or picture.
        ratio: inflated bytes per compressed byte, once more than ``ratio_free_bytes`` came out.
        ratio_free_bytes: an inflated size that is harmless whatever its ratio.
        frame_seconds: time that a codec may take for one frame.
        worker_bytes: address space of the process that codecs run in.
        archive_files: members of one archive.
        archive_bytes: size of all members of one archive after inflation.
    """

    depth: int = 32
    elements: int = 100_000
    header_bytes: int = 64 * MIB
    pixel_bytes: int = 2 * GIB
    ratio: int = 200
    ratio_free_bytes: int = 16 * MIB
    frame_seconds: float = 30.0
    worker_bytes: int = 4 * GIB
    archive_files: int = 100_000
    archive_bytes: int = 16 * GIB

    def inflation_limit(self, compressed: int) -> int:
        """The largest inflated size that ``compressed`` bytes may become."""
        return max(self.ratio_free_bytes, self.ratio * compressed)


DEFAULT = Budget()
