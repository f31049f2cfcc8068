"""Frames come out as the values that were stored, or are refused with a reason."""

import json
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import SimpleITK
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

from medmm.dicom import bits, colour
from medmm.dicom.frames import FrameReader
from medmm.dicom.hostile.budget import Budget
from medmm.dicom.hostile.decoding import DecodePool
from medmm.dicom.hostile.parsing import parse
from medmm.errors import InputError, LimitError, PixelError
from tests.dicom import byte_files as made

J2K, J2K_LOSSY = "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"
JPEG, JPEG_LOSSLESS, JPEG_LS = (
    "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.80",
)  # fmt: skip
RLE, BIG = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.2"
COLOURS = {"SamplesPerPixel": 3, "PlanarConfiguration": 0, "BitsAllocated": 8, "BitsStored": 8,
           "HighBit": 7}  # fmt: skip
BYTES = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    """One warm decoding process for all tests here."""
    with DecodePool(threads=2) as pool:
        yield pool


def reader(path: Path, pool: DecodePool | None = None) -> FrameReader:
    return FrameReader(parse(path), pool)


def all_of(path: Path, pool: DecodePool | None) -> None:
    frames = reader(path, pool)
    for frame in range(frames.count):
        frames.stored(frame)


def code_of(path: Path, pool: DecodePool | None = None) -> str:
    """The code of the refusal to construct or to decode all frames."""
    with pytest.raises(InputError) as caught:
        all_of(path, pool)
    assert path.name in str(caught.value)
    return caught.value.code


def encapsulated(folder: Path, *streams: bytes, syntax: str, table: bytes = b"", **tags) -> Path:
    pixels = made.fragments(*streams, table=table)
    return made.written(folder, made.image(pixels, syntax=syntax, encapsulated=True, **tags))


LOSSLESS = [
    "CT1_J2KR", "CT1_JLSL", "CT1_JPLL", "CT1_RLE", "MR1_J2KR", "MR1_JLSL", "MR1_JPLL", "MR1_RLE",
    "US1_J2KR",
]  # fmt: skip


@pytest.mark.parametrize("name", LOSSLESS)
def test_lossless_frames_are_the_uncompressed_ones_bit_by_bit(
    data_folder: Path, pool: DecodePool, name: str
) -> None:
    folder = data_folder / "nema_wg04"
    decoded = reader(folder / f"{name}.dcm", pool)
    plain = reader(folder / f"{name[:3]}_UNC.dcm").stored(0)
    assert not decoded.lossy
    np.testing.assert_array_equal(decoded.stored(0), plain)


def test_near_and_lossy_frames_are_as_far_off_as_measured(
    data_folder: Path, pool: DecodePool
) -> None:
    folder = data_folder / "nema_wg04"
    checked = 0
    for entry in json.loads((folder / "reference.json").read_text()):
        plain_path = folder / f"{entry['object']}_UNC.dcm"
        if not plain_path.exists():
            continue
        plain = reader(plain_path).stored(0).astype(np.int64)
        for name, measured in entry["codecs"].items():
            frames = reader(folder / f"{entry['object']}_{name}.dcm", pool)
            far = measured["max_abs_diff_to_reference"]
            if isinstance(far, int):
                assert abs(frames.stored(0) - plain).max() == far
                assert frames.lossy == (far > 0)
                checked += 1
    assert checked >= 13


def test_twelve_bit_jpeg_is_decoded_as_dcmtk_decodes_it(
    data_folder: Path, pool: DecodePool, dcmtk: Path, tmp_path: Path
) -> None:
    import subprocess

    source = data_folder / "nema_wg04" / "MR1_JPLY.dcm"
    plain = tmp_path / "plain.dcm"
    subprocess.run([dcmtk / "dcmdjpeg", source, plain], check=True, capture_output=True)
    ours = reader(source, pool).stored(0).astype(np.int64)
    theirs = reader(plain).stored(0).astype(np.int64)
    assert ours.max() > 255
    assert abs(ours - theirs).max() <= 2  # two inverse cosine transforms round differently


def test_every_codec_agrees_with_another_decoder(data_folder: Path, pool: DecodePool) -> None:
    """SimpleITK decodes with GDCM, whose codecs are other builds than ours."""
    SimpleITK.ProcessObject.SetGlobalWarningDisplay(False)
    agreed = 0
    for path in sorted((data_folder / "nema_wg04").glob("*.dcm")):
        frames = reader(path, pool)
        array = np.stack([frames.stored(frame) for frame in range(frames.count)])
        other = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path))).reshape(array.shape)
        dataset = frames.parsed.dataset
        slope = float(dataset.get("RescaleSlope", None) or 1)
        intercept = float(dataset.get("RescaleIntercept", None) or 0)
        np.testing.assert_allclose(array * slope + intercept, other, atol=1e-6)
        agreed += 1
    assert agreed == 22


def test_two_bytes_of_tags_never_outvote_the_stream(data_folder: Path, pool: DecodePool) -> None:
    """A baseline JPEG marked YCbCr is converted once though its tag says RGB."""
    frames = reader(data_folder / "odd_dicom" / "GH195.dcm", pool)
    assert "colour-tag" in [note.code for note in frames.notes]
    red, _, blue = frames.stored(0)[100:300, 100:300].reshape(-1, 3).mean(axis=0)
    assert red > blue + 10  # gums are red


SHIPPED = {
    "SC_rgb_small_odd.dcm": (3, 3, 3), "SC_rgb_rle_16bit.dcm": (100, 100, 3),
    "examples_ybr_color.dcm": (240, 320, 3),
    "liver_1frame.dcm": (512, 512), "rtdose_rle_1frame.dcm": (10, 10),
    "ExplVR_BigEnd.dcm": (60, 80, 3),
}  # fmt: skip


@pytest.mark.parametrize("name", SHIPPED)
def test_shapes_are_those_of_the_tags(pool: DecodePool, name: str) -> None:
    path = get_testdata_file(name, download=False)
    if path is None:
        pytest.skip(f"this pydicom does not ship {name}")
    frames = reader(Path(path), pool)
    assert frames.shape == SHIPPED[name]
    assert frames.stored(0).shape == SHIPPED[name]
    assert frames.stored(0).dtype == frames.dtype


def test_a_file_without_pixels_is_refused(tmp_path: Path) -> None:
    path = made.written(tmp_path, made.meta() + made.element(0x00100020, "LO", b"P1"))
    assert code_of(path) == "no-pixels"


def test_an_unknown_transfer_syntax_is_refused_by_name(tmp_path: Path) -> None:
    path = encapsulated(tmp_path, b"abcd", syntax="1.2.840.10008.1.2.4.100")
    assert code_of(path) == "transfer-syntax"


@pytest.mark.parametrize(
    "tags",
    [
        {"BitsStored": 17, "HighBit": 16}, {"HighBit": 14}, {"BitsAllocated": 12},
        {"BitsAllocated": 24, "BitsStored": 24, "HighBit": 23}, {"NumberOfFrames": 0},
        {"PhotometricInterpretation": "HSV"}, {"SamplesPerPixel": 4}, {"SamplesPerPixel": 3},
        {"NumberOfFrames": -1}, {"PixelRepresentation": None, "BitsAllocated": None},
    ],
    ids=str,
)  # fmt: skip
def test_tags_that_make_no_sense_are_refused(tmp_path: Path, tags: dict[str, object]) -> None:
    with_bits = {"BitsAllocated": 16, "BitsStored": 16, "HighBit": 15} | tags
    data = made.image(made.ramp().tobytes(), **{**with_bits, "BitsAllocated": 16})
    path = made.written(tmp_path, data)
    import pydicom

    dataset = pydicom.dcmread(path)
    if tags.get("BitsAllocated", 16) is None:
        del dataset.BitsAllocated
    else:
        dataset.BitsAllocated = tags.get("BitsAllocated", 16)
    dataset.save_as(path)
    assert code_of(path) == "bad-pixel-tag"


def test_pixels_past_the_budget_are_refused_before_they_are_read(tmp_path: Path) -> None:
    data = made.image(made.ramp().tobytes(), rows=4, columns=4)
    path = made.written(tmp_path, data)
    with pytest.raises(LimitError, match="MiB of pixels"):
        FrameReader(parse(path, Budget(pixel_bytes=31)))
    claims = made.image(b"ab", rows=65535, columns=65535, NumberOfFrames=2**31 - 1)
    assert code_of(made.written(tmp_path, claims)) == "pixel-size"


def test_fewer_bytes_than_claimed_are_refused(tmp_path: Path) -> None:
    path = made.written(tmp_path, made.image(made.ramp().tobytes()[:-2]))
    assert code_of(path) == "truncated"


def test_more_bytes_than_claimed_are_noted(tmp_path: Path) -> None:
    frames = reader(made.written(tmp_path, made.image(made.ramp().tobytes() + b"junk")))
    assert [note.code for note in frames.notes] == ["extra-bytes"]
    np.testing.assert_array_equal(frames.stored(0), made.ramp())


def test_eight_bit_frames_of_odd_length_follow_each_other(tmp_path: Path) -> None:
    frames = np.arange(27, dtype=np.uint8).reshape(3, 3, 3)
    data = made.image(frames.tobytes() + b"\0", rows=3, columns=3, NumberOfFrames=3, **BYTES)
    read = reader(made.written(tmp_path, data))
    assert read.notes == ()
    for number in range(3):
        np.testing.assert_array_equal(read.stored(number), frames[number])


def test_big_endian_words_hold_swapped_bytes(tmp_path: Path) -> None:
    frames = np.arange(27, dtype=np.uint8).reshape(3, 3, 3)
    swapped = np.frombuffer(frames.tobytes() + b"\0", np.uint8).reshape(-1, 2)[:, ::-1].tobytes()
    data = made.image(swapped, rows=3, columns=3, NumberOfFrames=3, syntax=BIG, **BYTES)
    as_words = data.replace(b"\x7f\xe0\x00\x10OB", b"\x7f\xe0\x00\x10OW")
    assert as_words != data
    read = reader(made.written(tmp_path, as_words))
    for number in range(3):
        np.testing.assert_array_equal(read.stored(number), frames[number])


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", BIG, "1.2.840.10008.1.2.1.99"])
def test_native_syntaxes_give_the_same_values(tmp_path: Path, syntax: str) -> None:
    values = made.ramp(5, 7, "<i2") - 9
    wire = values.astype(">i2" if syntax == BIG else "<i2")
    data = made.image(wire.tobytes(), rows=5, columns=7, syntax=syntax, PixelRepresentation=1)
    read = reader(made.written(tmp_path, data))
    np.testing.assert_array_equal(read.stored(0), values)
    assert read.stored(0).dtype == np.int16


def test_single_bits_need_not_start_at_a_byte(tmp_path: Path) -> None:
    mask = np.random.default_rng(1).integers(0, 2, (3, 3, 5), dtype=np.uint8)
    packed = np.packbits(mask.reshape(-1), bitorder="little").tobytes()
    data = made.image(packed, rows=3, columns=5, NumberOfFrames=3, BitsAllocated=1, BitsStored=1,
                      HighBit=0)  # fmt: skip
    read = reader(made.written(tmp_path, data))
    for number in range(3):
        np.testing.assert_array_equal(read.stored(number), mask[number])


def test_overlay_bits_and_missing_signs_are_no_part_of_the_value(tmp_path: Path) -> None:
    stored = np.array([[-2048, -1, 0], [1, 1000, 2047]], np.int16)
    words = (stored.astype(np.uint16) & 0x0FFF) | np.uint16(0x8000)
    tags = {"BitsStored": 12, "HighBit": 11, "PixelRepresentation": 1, "rows": 2, "columns": 3}
    read = reader(made.written(tmp_path, made.image(words.astype("<u2").tobytes(), **tags)))
    np.testing.assert_array_equal(read.stored(0), stored)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(stored=st.integers(1, 16), words=st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=20))
def test_settling_keeps_the_stored_bits_and_nothing_else(stored: int, words: list[int]) -> None:
    unsigned = np.array(words, np.uint16)
    signed = unsigned.copy().view(np.int16)
    bits.settle(unsigned, stored)
    bits.settle(signed, stored)
    low = [word & ((1 << stored) - 1) for word in words]
    assert unsigned.tolist() == low
    assert signed.tolist() == [v - (1 << stored) if v >> (stored - 1) else v for v in low]


def test_float_pixels_are_read_as_they_are(data_folder: Path) -> None:
    frames = reader(data_folder / "pydicom_data" / "parametric_map_float.dcm")
    assert frames.dtype == np.float32
    assert np.isfinite(frames.stored(0)).all()
    assert frames.stored(0).std() > 0


def test_frames_go_straight_into_memory_that_can_hold_them(tmp_path: Path) -> None:
    tags = {"BitsStored": 12, "HighBit": 11}
    read = reader(made.written(tmp_path, made.image(made.ramp().tobytes(), **tags)))
    volume = np.zeros((2, 4, 4), np.int16)
    read.stored_into(0, volume[1])
    np.testing.assert_array_equal(volume[1], made.ramp())
    for wrong in (np.zeros((4, 4), np.uint8), np.zeros((4, 5), np.int16)):
        with pytest.raises(PixelError):
            read.stored_into(0, wrong)


# Colour


def test_planes_are_joined(tmp_path: Path) -> None:
    rgb = np.random.default_rng(0).integers(0, 255, (4, 6, 3), dtype=np.uint8)
    tags = COLOURS | {"PhotometricInterpretation": "RGB", "PlanarConfiguration": 1}
    data = made.image(np.moveaxis(rgb, -1, 0).tobytes(), rows=4, columns=6, **tags)
    np.testing.assert_array_equal(reader(made.written(tmp_path, data)).stored(0), rgb)


def test_half_rate_chroma_becomes_the_colours_it_stands_for(tmp_path: Path) -> None:
    quads = np.array([[255, 0, 128, 128]], np.uint8)  # white, black
    tags = COLOURS | {"PhotometricInterpretation": "YBR_FULL_422"}
    data = made.image(quads.tobytes(), rows=1, columns=2, **tags)
    read = reader(made.written(tmp_path, data)).stored(0)
    assert read.tolist() == [[[255, 255, 255], [0, 0, 0]]]


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 255)] * 3), min_size=1, max_size=20))
def test_ycbcr_of_any_colour_comes_back_within_a_step(colours: list[tuple[int, int, int]]) -> None:
    rgb = np.array(colours, np.float64)
    forward = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5],
                        [0.5, -0.418688, -0.081312]])  # fmt: skip
    ybr = np.clip(np.rint(rgb @ forward.T + [0, 128, 128]), 0, 255).astype(np.uint8)
    assert abs(colour.ybr_to_rgb(ybr).astype(int) - rgb).max() <= 2


def palette(folder: Path, indices: np.ndarray, table: np.ndarray, first: int, entry: int) -> Path:
    tags: dict[str, object] = {"PhotometricInterpretation": "PALETTE COLOR", **BYTES}
    packed = table.astype(np.uint8) if entry == 8 else table.astype("<u2")
    for channel, name in enumerate(("Red", "Green", "Blue")):
        tags[f"{name}PaletteColorLookupTableDescriptor"] = [len(table), first, entry]
        tags[f"{name}PaletteColorLookupTableData"] = packed[:, channel].tobytes()
    return made.written(folder, made.image(indices.tobytes(), rows=2, columns=3, **tags))


@pytest.mark.parametrize("entry", [8, 16])
def test_palette_indices_become_their_colours(tmp_path: Path, entry: int) -> None:
    table = np.arange(30).reshape(10, 3) * (1 if entry == 8 else 2000)
    indices = np.array([[0, 5, 6], [7, 14, 99]], np.uint8)
    read = reader(palette(tmp_path, indices, table, 5, entry))
    expected = table[np.clip(indices.astype(int) - 5, 0, 9)]
    np.testing.assert_array_equal(read.stored(0), expected)
    assert read.dtype == (np.uint8 if entry == 8 else np.uint16)


def test_a_segmented_palette_is_written_out() -> None:
    dataset = Dataset()
    dataset.set_original_encoding(is_implicit_vr=False, is_little_endian=True)
    segments = struct.pack("<9H", 0, 2, 10, 20, 1, 4, 60, 0, 0)
    for name in ("Red", "Green", "Blue"):
        for keyword, vr, value in (
            (f"{name}PaletteColorLookupTableDescriptor", "US", struct.pack("<3H", 6, 0, 16)),
            (f"Segmented{name}PaletteColorLookupTableData", "OW", segments),
        ):
            from pydicom.datadict import tag_for_keyword
            from pydicom.dataelem import RawDataElement
            from pydicom.tag import Tag

            number = Tag(tag_for_keyword(keyword))
            dataset[number] = RawDataElement(number, vr, len(value), value, 0, False, True)
    read = colour.palette_of(dataset, "made", signed=False)
    assert read.table[:, 0].tolist() == [10, 20, 30, 40, 50, 60]


# Compressed frames against their tags


def test_a_stream_of_another_size_than_the_tags_is_refused(tmp_path: Path) -> None:
    stream = imagecodecs.jpegls_encode(made.ramp(8, 8))
    path = encapsulated(tmp_path, stream, syntax=JPEG_LS, rows=8, columns=9)
    assert code_of(path) == "codestream-size"


def test_a_stream_with_more_samples_than_the_tags_is_refused(tmp_path: Path) -> None:
    stream = imagecodecs.jpeg8_encode(np.full((8, 8, 3), 100, np.uint8))
    path = encapsulated(tmp_path, stream, syntax=JPEG, rows=8, columns=8, **BYTES)
    assert code_of(path) == "codestream-size"


def test_a_signed_stream_under_an_unsigned_tag_is_refused(tmp_path: Path) -> None:
    stream = imagecodecs.jpeg2k_encode(made.ramp(8, 8, "<i2"), codecformat="j2k", reversible=True)
    assert code_of(encapsulated(tmp_path, stream, syntax=J2K, rows=8, columns=8)) == (
        "codestream-sign"
    )


def signed_ct() -> np.ndarray:
    return (np.add.outer(np.arange(32), np.arange(32)) * 60 - 1500).astype(np.int16)


@pytest.mark.parametrize("codec", ["jpeg2k", "jpegls", "jpeg8"])
def test_signs_that_a_codec_cannot_say_come_from_the_tags(
    tmp_path: Path, pool: DecodePool, codec: str
) -> None:
    values = signed_ct()
    words = values.view(np.uint16)
    encode, syntax = {
        "jpeg2k": (lambda: j2k(words), J2K),
        "jpegls": (lambda: imagecodecs.jpegls_encode(words), JPEG_LS),
        "jpeg8": (
            lambda: imagecodecs.jpeg8_encode(words, lossless=True, bitspersample=16),
            JPEG_LOSSLESS,
        ),
    }[codec]
    path = encapsulated(tmp_path, encode(), syntax=syntax, rows=32, columns=32,
                        PixelRepresentation=1)  # fmt: skip
    np.testing.assert_array_equal(reader(path, pool).stored(0), values)


def test_values_past_bits_stored_are_refused_unless_an_overlay_explains_them(
    tmp_path: Path, pool: DecodePool
) -> None:
    words = made.ramp(8, 8) + np.uint16(0x8000)
    stream = imagecodecs.jpegls_encode(words)
    tags = {"rows": 8, "columns": 8, "BitsStored": 12, "HighBit": 11}
    assert code_of(encapsulated(tmp_path, stream, syntax=JPEG_LS, **tags), pool) == (
        "codestream-precision"
    )
    import pydicom

    path = encapsulated(tmp_path, stream, syntax=JPEG_LS, **tags)
    dataset = pydicom.dcmread(path)
    dataset.add_new(0x60000102, "US", 15)
    dataset.save_as(path)
    np.testing.assert_array_equal(reader(path, pool).stored(0), made.ramp(8, 8))


@pytest.mark.parametrize("name", ["YBR_FULL", "YBR_RCT"])
def test_colours_whose_conversion_is_in_doubt_are_refused(tmp_path: Path, name: str) -> None:
    rgb = np.random.default_rng(0).integers(0, 255, (16, 16, 3), dtype=np.uint8)
    transformed = name == "YBR_FULL"
    stream = imagecodecs.jpeg2k_encode(
        rgb, codecformat="j2k", reversible=True, mct=transformed, level=0
    )
    path = encapsulated(tmp_path, stream, syntax=J2K, rows=16, columns=16,
                        **COLOURS | {"PhotometricInterpretation": name})  # fmt: skip
    assert code_of(path) == "colour"


def test_samples_that_are_not_interleaved_come_out_as_pixels(
    data_folder: Path, pool: DecodePool
) -> None:
    folder = data_folder / "pydicom_data"
    frames = [reader(folder / f"JLSL_RGB_ILV{mode}.dcm", pool).stored(0) for mode in range(3)]
    np.testing.assert_array_equal(frames[0], frames[1])
    np.testing.assert_array_equal(frames[0], frames[2])


# Fragments


def j2k(values: np.ndarray) -> bytes:
    return imagecodecs.jpeg2k_encode(values, codecformat="j2k", reversible=True)


def three_frames() -> tuple[list[np.ndarray], list[bytes]]:
    frames = [made.ramp(16, 16) + np.uint16(number * 300) for number in range(3)]
    streams = [j2k(frame) for frame in frames]
    return frames, [stream + b"\0" * (len(stream) % 2) for stream in streams]


def offsets(*parts: bytes, width: str = "L") -> bytes:
    at, places = 0, []
    for part in parts:
        places.append(at)
        at += 8 + len(part)
    return struct.pack(f"<{len(places)}{width}", *places)


SIZE = {"rows": 16, "columns": 16, "NumberOfFrames": 3}


@pytest.mark.parametrize("kind", ["no table", "basic table", "extended table", "split, no table",
                                  "split, basic table"])  # fmt: skip
def test_frames_are_found_however_they_are_cut(tmp_path: Path, pool: DecodePool, kind: str) -> None:
    frames, streams = three_frames()
    parts, table, tags = list(streams), b"", dict(SIZE)
    if "split" in kind:
        parts = [streams[0][:100], streams[0][100:], streams[1], streams[2][:50], streams[2][50:]]
    if "basic" in kind:
        joined = [b"".join(parts[:2]) + bytes(8), parts[2], b""] if "split" in kind else streams
        table = offsets(*joined)
    if "extended" in kind:
        tags["ExtendedOffsetTable"] = offsets(*streams, width="Q")
        tags["ExtendedOffsetTableLengths"] = struct.pack("<3Q", *(len(s) for s in streams))
    path = encapsulated(tmp_path, *parts, syntax=J2K, table=table, **tags)
    read = reader(path, pool)
    for number in range(3):
        np.testing.assert_array_equal(read.stored(number), frames[number])


@pytest.mark.parametrize("count", [1, 2, 4])
def test_another_number_of_frames_than_claimed_is_refused(tmp_path: Path, count: int) -> None:
    _, streams = three_frames()
    table = offsets(*streams)
    path = encapsulated(tmp_path, *streams, syntax=J2K, table=table,
                        **SIZE | {"NumberOfFrames": count})  # fmt: skip
    assert code_of(path) == "frame-count"
    if count != 1:
        path = encapsulated(tmp_path, *streams, syntax=J2K, **SIZE | {"NumberOfFrames": count})
        assert code_of(path) == "frame-count"


def test_an_offset_table_that_points_elsewhere_is_refused(tmp_path: Path) -> None:
    _, streams = three_frames()
    table = struct.pack("<3L", 0, 10, 20)
    assert code_of(encapsulated(tmp_path, *streams, syntax=J2K, table=table, **SIZE)) == (
        "offset-table"
    )


def test_fragments_that_run_past_the_file_are_refused(tmp_path: Path) -> None:
    _, streams = three_frames()
    path = encapsulated(tmp_path, *streams, syntax=J2K, **SIZE)
    path.write_bytes(path.read_bytes()[:-60])
    assert code_of(path) == "truncated"


def test_a_missing_delimiter_is_noted(tmp_path: Path, pool: DecodePool) -> None:
    frames, streams = three_frames()
    path = encapsulated(tmp_path, *streams, syntax=J2K, **SIZE)
    path.write_bytes(path.read_bytes()[:-8])
    read = reader(path, pool)
    assert "open-end" in [note.code for note in read.notes]
    np.testing.assert_array_equal(read.stored(2), frames[2])


def test_frames_deflated_one_by_one_are_inflated(data_folder: Path) -> None:
    folder = data_folder / "pydicom_data"
    deflated, plain = reader(folder / "liver_deflate.dcm"), reader(folder / "liver.dcm")
    for frame in range(plain.count):
        np.testing.assert_array_equal(deflated.stored(frame), plain.stored(frame))


@pytest.mark.parametrize("size", [10, 2**22])
def test_a_deflated_frame_of_another_size_is_refused(tmp_path: Path, size: int) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    stream = packer.compress(bytes(size)) + packer.flush()
    path = encapsulated(tmp_path, stream, syntax=J2K)
    path.write_bytes(path.read_bytes().replace(J2K.encode(), b"1.2.840.10008.1.2.8.1\0"))
    assert code_of(path) == "truncated"


@pytest.mark.parametrize("name", ["liver_rle.dcm", "liver_j2k.dcm", "liver_nonbyte_aligned.dcm"])
def test_compressed_single_bits_are_zero_and_one(
    data_folder: Path, pool: DecodePool, name: str
) -> None:
    frames = reader(data_folder / "pydicom_data" / name, pool)
    plain = reader(data_folder / "pydicom_data" / "liver.dcm")
    assert set(np.unique(frames.stored(0))) == {0, 1}
    if frames.shape == plain.shape:
        np.testing.assert_array_equal(frames.stored(0), plain.stored(0))


def test_rle_that_could_never_fill_its_frame_is_refused_before_memory_is_taken(
    tmp_path: Path,
) -> None:
    header = struct.pack("<16L", 2, 64, 66, *[0] * 13)
    path = encapsulated(tmp_path, header + b"\x81\0\x81\0", syntax=RLE, rows=20000, columns=20000)
    assert code_of(path) == "truncated"
