"""The page's own files, served under a name that changes with their bytes."""

import gzip
import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

OURS = Path(__file__).parent / "assets"
# Only what a browser may be handed; a module or a note beside it is not.
KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".wasm": "application/wasm",
    ".woff2": "font/woff2",
    ".ttf": "font/ttf",
}
SMALLEST_PACKED = 500
"""Bytes below which packing a file saves nothing."""


@dataclass(frozen=True)
class Asset:
    """A file as it is sent: its bytes, the same packed with gzip (or nothing), its type."""

    data: bytes
    packed: bytes | None
    kind: str


@dataclass
class Assets:
    """Files of one folder, found by looking once; what is not among them is not served.

    ``version`` is the hash of all of them: as modules import each other by relative names, one name
    that changed has to change all. Who has a ``release`` that says as much gives it instead.
    """

    folder: Path = OURS
    route: str = "/assets"
    release: str = ""
    _read: dict[str, Asset] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def files(self) -> dict[str, Path]:
        """Every file that is served, by its name in the folder."""
        return {
            path.relative_to(self.folder).as_posix(): path
            for path in sorted(self.folder.rglob("*"))
            if path.suffix in KINDS and path.is_file() and not path.is_symlink()
        }

    @cached_property
    def version(self) -> str:
        """What changes with any of the files: their hash, 16 characters of it."""
        if self.release:
            return self.release
        digest = hashlib.sha256()
        for name, path in self.files.items():
            data = path.read_bytes()
            digest.update(f"{name}\0{len(data)}\0".encode() + data)
        return digest.hexdigest()[:16]

    def path(self, name: str) -> str:
        """A file's path below the page's prefix.

        Raises:
            KeyError: there is no such file.
        """
        if name not in self.files:
            raise KeyError(name)
        return f"{self.route}/{self.version}/{name}"

    def read(self, name: str) -> Asset | None:
        """A file's bytes, kept from the first time on; None if there is none of this name."""
        if name not in self._read:
            path = self.files.get(name)
            if path is None:
                return None
            self._read[name] = _asset(path)
        return self._read[name]


def _asset(path: Path) -> Asset:
    data = path.read_bytes()
    packed = gzip.compress(data, 9, mtime=0) if len(data) >= SMALLEST_PACKED else b""
    return Asset(data, packed if 0 < len(packed) < len(data) * 0.9 else None, KINDS[path.suffix])
