"""PNG and JPEG come in as they are, with what they cannot say said by the user."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from medmm.dicom.hostile.budget import Budget
from medmm.dicom.rasters import RasterReader
from medmm.errors import InputError, MedmmError
from medmm.nouns import Facts, Picture, Series

FILM = Facts("DX", "CHEST")


def read(path: Path, facts: Facts = FILM) -> Series:
    (series,) = RasterReader().read(path, facts)
    return series


def picture(path: Path, facts: Facts = FILM) -> Picture:
    content = read(path, facts).content
    assert isinstance(content, Picture)
    return content


def refused(path: Path) -> str:
    series = read(path)
    assert series.verdict.status == "refused"
    return series.verdict.reasons[0].code


def png(folder: Path, array: np.ndarray, **options: object) -> Path:
    path = folder / "made.png"
    Image.fromarray(array).save(path, **options)
    return path


GRAY = np.arange(120, dtype=np.uint8).reshape(10, 12)
RGB = np.random.default_rng(0).integers(0, 255, (10, 12, 3), dtype=np.uint8)


@pytest.mark.parametrize("array", [GRAY, RGB, GRAY.astype(np.uint16) * 500],
                         ids=["gray", "colour", "16 bit"])  # fmt: skip
def test_pixels_are_those_of_the_file(tmp_path: Path, array: np.ndarray) -> None:
    found = picture(png(tmp_path, array))
    np.testing.assert_array_equal(found.array, array)
    assert found.array.dtype == array.dtype
    assert found.spacing_mm is None


def test_real_films_are_read(data_folder: Path) -> None:
    paths = [path for path in sorted((data_folder / "cxr_adult").rglob("*"))
             if RasterReader().sniff(path)]  # fmt: skip
    assert paths
    for path in paths[:3]:
        series = read(path)
        assert series.kind == "picture"
        assert series.content.array.shape == series.shape
        assert series.content.array.std() > 5


def test_millimetres_come_from_the_user_only(tmp_path: Path) -> None:
    path = png(tmp_path, GRAY, dpi=(300, 300))
    assert picture(path).spacing_mm is None
    assert picture(path, Facts("DX", "CHEST", (0.2, 0.3))).spacing_mm == (0.2, 0.3)
    with pytest.raises(InputError, match="--spacing"):
        read(path, Facts("DX", "CHEST", (0.2, 0.3, 1.0)))


@pytest.mark.parametrize("facts", [Facts(), Facts(modality="DX"), Facts(body_part="CHEST")])
def test_what_the_file_does_not_say_is_asked_for(tmp_path: Path, facts: Facts) -> None:
    with pytest.raises(InputError, match="--"):
        read(png(tmp_path, GRAY), facts)


def test_gray_stored_as_colour_is_gray(tmp_path: Path) -> None:
    series = read(png(tmp_path, np.stack([GRAY] * 3, axis=-1)))
    np.testing.assert_array_equal(series.content.array, GRAY)
    assert [reason.code for reason in series.verdict.reasons] == ["gray"]


def test_a_photo_is_turned_upright_and_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(RGB).save(path, exif=exif)
    series = read(path)
    assert series.verdict.status == "repaired"
    assert series.shape == (12, 10, 3)
    assert series.content.array.shape == (12, 10, 3)


def test_pixels_that_are_transparent_are_refused_and_opaque_ones_are_not(tmp_path: Path) -> None:
    alpha = np.full((10, 12, 1), 255, np.uint8)
    opaque = np.concatenate([RGB, alpha], axis=-1)
    np.testing.assert_array_equal(picture(png(tmp_path, opaque)).array, RGB)
    opaque[3, 3, 3] = 100
    assert refused(png(tmp_path, opaque)) == "transparent"


def test_a_palette_is_shown_in_its_colours(tmp_path: Path) -> None:
    path = tmp_path / "made.png"
    image = Image.fromarray(GRAY % 4).convert("P")
    image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120])
    image.save(path)
    assert picture(path).array[0, 1].tolist() == [40, 50, 60]


def chunk(kind: bytes, content: bytes) -> bytes:
    checksum = struct.pack(">L", zlib.crc32(kind + content))
    return struct.pack(">L", len(content)) + kind + content + checksum


def raw_png(folder: Path, width: int, height: int, depth: int, colour: int, rows: bytes) -> Path:
    header = struct.pack(">LLBBBBB", width, height, depth, colour, 0, 0, 0)
    path = folder / "raw.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )  # fmt: skip
    return path


def test_colours_of_16_bits_are_refused_rather_than_cut(tmp_path: Path) -> None:
    assert refused(raw_png(tmp_path, 2, 1, 16, 2, b"\0" + bytes(12))) == "colour-depth"


def test_a_picture_bomb_is_refused_by_its_header(tmp_path: Path) -> None:
    assert refused(raw_png(tmp_path, 60000, 60000, 8, 0, bytes(1000))) == "pixel-size"


def test_a_picture_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "made.jpg"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (200, 200), dtype=np.uint8)).save(
        path
    )
    path.write_bytes(path.read_bytes()[:-2000])
    assert refused(path) == "decode"


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.png"
    path.write_text("no picture")
    assert RasterReader().sniff(path) == 0
    assert RasterReader().sniff(tmp_path) == 0
    with pytest.raises(InputError):
        read(path)


@settings(max_examples=120, derandomize=True, deadline=None)
@given(kind=st.sampled_from(["png", "jpg"]),
       changes=st.lists(st.tuples(st.integers(0, 2**11), st.integers(0, 255)), max_size=6),
       cut=st.integers(0, 400))  # fmt: skip
def test_damaged_pictures_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, kind: str, changes: list[tuple[int, int]], cut: int
) -> None:
    path = tmp_path_factory.getbasetemp() / f"damaged.{kind}"
    Image.fromarray(RGB).save(path)
    data = bytearray(path.read_bytes())
    for place, value in changes:
        data[place % len(data)] = value
    path.write_bytes(data[: len(data) - cut] if cut < 200 else data)
    try:
        (series,) = RasterReader(Budget(pixel_bytes=2**24)).read(path, FILM)
    except MedmmError:
        return
    assert series.verdict.status != "usable" or series.content.array.shape == series.shape
