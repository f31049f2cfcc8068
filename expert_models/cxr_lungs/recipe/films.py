"""The films of the two data folders, with masks, patients and parts of the split."""

import csv
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from expert_models.cxr_lungs.film import Gray, Square, brightness
from expert_models.training import split
from medmm.errors import InputError

Source = Literal["children", "adults"]
FOLDERS: dict[Source, str] = {"children": "cxr_children", "adults": "cxr_adult"}
SALT = "cxr_lungs-1"
TEST, TUNE, FOLDS = 0.15, 0.10, 3
IGNORED = 3


@dataclass(frozen=True, slots=True)
class FilmFile:
    """One film of the data: where it is, whose, in which part of the split.

    ``part`` is train, tune or test for children and the fold's number for adults. ``mask`` is None
    where nobody drew the lungs; mask values are 1 for the lung at the image's left (the patient's
    right), 2 for the other, 3 for pixels to ignore.
    """

    name: str
    source: Source
    patient: str
    part: str
    image: Path
    mask: Path | None
    trusted: bool
    kind: str

    def film(self) -> Gray:
        """Brightness ``[row, column]``."""
        return brightness(read_gray(self.image))

    def lungs(self) -> NDArray[np.uint8]:
        """The drawn mask ``[row, column]``.

        Raises:
            InputError: nobody drew one.
        """
        if self.mask is None:
            raise InputError(f"{self.image} has no mask.")
        return read_gray(self.mask)  # a palette's numbers are the labels

    def on_square(self, size: int) -> tuple[Gray, NDArray[np.uint8]]:
        """Film and mask on a square of ``size`` pixels."""
        film = self.film()
        square = Square.of(film, size)
        drawn = square.put(self.lungs().astype(np.float32), nearest=True)
        return square.put(film), drawn.astype(np.uint8)


def read_films(data: Path) -> list[FilmFile]:
    """Every frontal film of ``data/cxr_children`` and ``data/cxr_adult``, in the index's order.

    Raises:
        InputError: a folder, its index or a column of it is missing, or patients would be shared.
    """
    films = [*_children(data), *_adults(data)]
    if not films:
        raise InputError(f"{data} holds no films.")
    return films


def fingerprint(films: Iterable[FilmFile]) -> str:
    """A hash of films, masks and their parts of the split."""
    digest = hashlib.sha256()
    for film in films:
        digest.update(f"{film.name}\0{film.patient}\0{film.part}\0".encode())
        for path in (film.image, film.mask):
            digest.update(hashlib.sha256(path.read_bytes()).digest() if path else b"-")
    return digest.hexdigest()


def _children(data: Path) -> Iterator[FilmFile]:
    folder = data / FOLDERS["children"]
    for row in _rows(folder, ("file", "mask", "group", "trusted", "class")):
        yield FilmFile(
            name=Path(row["file"]).stem,
            source="children",
            patient=row["group"],
            part=split.part(row["group"], SALT, TEST, TUNE),
            image=folder / row["file"],
            mask=folder / row["mask"] if row["mask"] else None,
            trusted=row["trusted"] == "1",
            kind=row["class"],
        )


def _adults(data: Path) -> Iterator[FilmFile]:
    folder = data / FOLDERS["adults"]
    rows = [
        row
        for row in _rows(folder, ("file", "mask", "patient", "kind", "trusted", "view"))
        if row["kind"] == "frontal"
    ]
    dealt = split.folds({row["patient"] for row in rows if row["mask"]}, SALT, FOLDS)
    for row in rows:
        yield FilmFile(
            name=Path(row["file"]).stem,
            source="adults",
            patient=row["patient"],
            part=str(dealt.get(row["patient"], "unmasked")),
            image=folder / row["file"],
            mask=folder / row["mask"] if row["mask"] else None,
            trusted=row["trusted"] == "1",
            kind=row["view"],
        )


def _rows(folder: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    index = folder / "index.csv"
    try:
        with index.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise InputError(
            f"{index} cannot be read: {error.strerror}.",
            f"Give --data the folder that holds {' and '.join(FOLDERS.values())}.",
        ) from error
    missing = [column for column in columns if not rows or column not in rows[0]]
    if missing:
        raise InputError(f"{index} lacks the columns {', '.join(missing)}.")
    return rows


def read_gray(path: Path) -> NDArray[np.uint8]:
    """A PNG or JPEG as one channel; a palette keeps its numbers.

    Raises:
        InputError: it cannot be read.
    """
    from PIL import Image

    try:
        with Image.open(path, formats=("PNG", "JPEG")) as image:
            return np.asarray(image if image.mode in "LP" else image.convert("L"), dtype=np.uint8)
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}.") from error
