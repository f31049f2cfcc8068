"""Headers are read exactly, or refused with a reason, whatever their bytes."""

import resource
import struct
import warnings
import zlib
from pathlib import Path

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.data import get_testdata_file

from medmm.dicom.hostile.budget import Budget
from medmm.dicom.hostile.parsing import looks_like_dicom, parse
from medmm.errors import InputError, LimitError
from tests.dicom import byte_files as made

DEFLATED = "1.2.840.10008.1.2.1.99"
SMALL = [
    "CT_small.dcm", "MR_small_bigendian.dcm", "MR_small_implicit.dcm", "image_dfl.dcm",
    "JPEG2000.dcm", "SC_rgb_rle_2frame.dcm", "rtplan.dcm", "nested_priv_SQ.dcm", "reportsi.dcm",
    "ExplVR_BigEnd.dcm", "UN_sequence.dcm",
]  # fmt: skip


def shipped(name: str) -> Path:
    """A file of the pydicom wheel."""
    path = get_testdata_file(name, download=False)
    if path is None:
        pytest.skip(f"this pydicom does not ship {name}")
    return Path(path)


def as_pydicom(path: Path) -> pydicom.FileDataset:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pydicom.dcmread(path, stop_before_pixels=True, force=True)


def outcome(path: Path) -> str:
    """The code of the refusal, or "read"; anything but an `InputError` passes through."""
    try:
        parse(path)
    except InputError as error:
        return error.code
    return "read"


def code_of(path: Path, budget: Budget | None = None) -> str:
    with pytest.raises(InputError) as caught:
        parse(path, budget or Budget())
    assert str(path) in str(caught.value)
    return caught.value.code


@pytest.mark.parametrize("name", SMALL)
def test_a_dataset_is_the_one_that_pydicom_reads(name: str) -> None:
    path = shipped(name)
    parsed = parse(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = as_pydicom(path)
        assert parsed.dataset == expected
        assert parsed.dataset.file_meta == expected.file_meta


@pytest.mark.parametrize("folder", ["nema_wg04", "pydicom_data", "odd_dicom", "ct_abdomen"])
def test_real_files_read_as_pydicom_reads_them(data_folder: Path, folder: str) -> None:
    read = 0
    for path in sorted((data_folder / folder).rglob("*")):
        if not path.is_file() or not looks_like_dicom(path):
            continue
        if (
            path.name == "GH626.dcm"
        ):  # a sequence without its end, on which pydicom loses the pixels
            assert code_of(path) == "truncated"
            continue
        parsed = parse(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if path.name != "GH179A.dcm":  # a blank VR, which pydicom takes for a length of 139 KB
                assert parsed.dataset == as_pydicom(path), path.name
        read += 1
    assert read >= 14


def test_pixels_are_where_the_parser_says(data_folder: Path) -> None:
    path = data_folder / "nema_wg04" / "CT1_UNC.dcm"
    pixels = parse(path).pixels
    assert pixels is not None
    assert pixels.length == 512 * 512 * 2
    with path.open("rb") as file:
        file.seek(pixels.offset)
        assert file.read(pixels.length) == pydicom.dcmread(path).PixelData


def test_an_element_with_a_blank_vr_is_read_with_its_16_bit_length(tmp_path: Path) -> None:
    body = made.element(0x00080060, "CS", b"CT") + made.element(0x00280120, "  ", b"\1\2")
    body += made.element(0x00281050, "DS", b"40")
    dataset = parse(made.written(tmp_path, made.meta() + body)).dataset
    assert dataset.get_item(0x00280120).value == b"\1\2"
    assert dataset.WindowCenter == 40


def test_a_header_longer_than_the_first_block_is_read_whole(tmp_path: Path) -> None:
    big = bytes(range(256)) * 2000
    body = made.element(0x00080060, "CS", b"CT") + made.element(0x00091001, "OB", big)
    body += made.element(0x00100020, "LO", b"P1")
    dataset = parse(made.written(tmp_path, made.meta() + body)).dataset
    assert dataset.get_item(0x00091001).value == big
    assert dataset.PatientID == "P1"


def nested(depth: int, *, known: bool) -> bytes:
    content = made.element(0x00080060, "CS", b"CT")
    for _ in range(depth):
        inner = made.item(content, known=known)
        if known:
            content = made.element(0x00081115, "SQ", inner)
        else:
            content = made.element(0x00081115, "SQ", inner + made.SEQUENCE_END, length=0xFFFFFFFF)
    return content


@pytest.mark.parametrize("known", [True, False], ids=["known length", "undefined length"])
def test_sequences_nest_32_deep_and_no_deeper(tmp_path: Path, *, known: bool) -> None:
    deep_enough = made.written(tmp_path, made.meta() + nested(32, known=known))
    assert "ReferencedSeriesSequence" in parse(deep_enough).dataset
    assert code_of(made.written(tmp_path, made.meta() + nested(33, known=known))) == "depth"
    assert code_of(made.written(tmp_path, made.meta() + nested(5000, known=known))) == "depth"


def test_depth_counts_in_values_that_only_look_like_sequences(tmp_path: Path) -> None:
    content = b""
    for _ in range(40):
        content = made.implicit(0x00081115, made.item(content))
    hidden = made.element(0x00091010, "UN", made.item(content))
    assert code_of(made.written(tmp_path, made.meta() + hidden)) == "depth"


def test_more_elements_than_the_budget_are_refused(tmp_path: Path) -> None:
    body = b"".join(made.element(0x00090000 + 0x1000 + n, "LO", b"") for n in range(50))
    path = made.written(tmp_path, made.meta() + body)
    assert len(parse(path, Budget(elements=60)).dataset) == 50
    assert code_of(path, Budget(elements=40)) == "elements"


@pytest.mark.parametrize("vr", ["OB", "UN", "SQ", "UT"])
@pytest.mark.parametrize("claimed", [0xFFFFFFFE, 0x7FFFFFFE, 4096])
def test_a_value_longer_than_the_file_is_refused(tmp_path: Path, vr: str, claimed: int) -> None:
    body = made.element(0x00091001, vr, b"abcd", length=claimed)
    assert code_of(made.written(tmp_path, made.meta() + body)) == "truncated"


def test_pixels_that_are_cut_off_are_refused(tmp_path: Path) -> None:
    data = made.image(made.ramp().tobytes())
    assert parse(made.written(tmp_path, data)).pixels is not None
    assert code_of(made.written(tmp_path, data[:-1])) == "truncated"


def test_a_deflate_bomb_is_refused_before_it_inflates(tmp_path: Path) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    head = packer.compress(made.element(0x00091001, "OB", b"", length=2**30))
    zeros = b"".join(packer.compress(bytes(2**20)) for _ in range(256)) + packer.flush()
    path = made.written(tmp_path, made.meta(DEFLATED) + head + zeros)
    assert path.stat().st_size < 2**19
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert code_of(path) in ("header-size", "inflation")
    assert code_of(path, Budget(header_bytes=2**31)) == "inflation"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024


def test_an_element_given_twice_with_two_values_is_refused(tmp_path: Path) -> None:
    twice = made.element(0x00100020, "LO", b"P1") + made.element(0x00100020, "LO", b"P2")
    assert code_of(made.written(tmp_path, made.meta() + twice)) == "doubled-element"


@pytest.mark.parametrize("magic", [b"MZ", b"\x7fELF", b"<html>", b"%PDF-1.4"])
def test_a_preamble_that_is_a_program_is_noted(tmp_path: Path, magic: bytes) -> None:
    data = made.image(made.ramp().tobytes())
    path = made.written(tmp_path, magic.ljust(128, b"\0") + data[128:])
    assert [reason.code for reason in parse(path).warnings] == ["preamble"]


def test_a_tiff_preamble_is_no_reason_to_warn(tmp_path: Path) -> None:
    data = made.image(made.ramp().tobytes())
    assert parse(made.written(tmp_path, b"II*\0".ljust(128, b"\0") + data[128:])).warnings == ()


@pytest.mark.parametrize(
    ("body", "syntax"),
    [
        (made.element(0x00080005, "CS", b"ISO_IR 100") * 1, "1.2.840.10008.1.2.1"),
        (made.implicit(0x00080005, b"ISO_IR 100"), "1.2.840.10008.1.2"),
        (made.element(0x00080005, "CS", b"ISO_IR 100", little=False), "1.2.840.10008.1.2.2"),
    ],
    ids=["explicit little", "implicit", "explicit big"],
)
def test_a_file_without_preamble_and_meta_shows_how_it_is_written(
    tmp_path: Path, body: bytes, syntax: str
) -> None:
    path = made.written(tmp_path, body)
    assert looks_like_dicom(path) > 0.5
    parsed = parse(path)
    assert parsed.syntax == syntax
    assert parsed.dataset.SpecificCharacterSet == "ISO_IR 100"
    assert "syntax-guessed" in [reason.code for reason in parsed.warnings]


def test_a_wrongly_declared_encoding_is_read_as_written_and_noted(tmp_path: Path) -> None:
    body = made.implicit(0x00080060, b"CT") + made.implicit(0x00100020, b"P1")
    parsed = parse(made.written(tmp_path, made.meta() + body))
    assert parsed.dataset.PatientID == "P1"
    assert [reason.code for reason in parsed.warnings] == ["syntax-wrong"]


def test_an_unknown_character_set_is_noted_and_warns_nobody(tmp_path: Path) -> None:
    body = made.element(0x00080005, "CS", b"KLINGON ") + made.element(0x00100010, "PN", b"A^B ")
    parsed = parse(made.written(tmp_path, made.meta() + body))
    assert [reason.code for reason in parsed.warnings] == ["charset"]
    assert str(parsed.dataset.PatientName) == "A^B"


@pytest.mark.parametrize("content", [b"", b"hello", b"x" * 4000, bytes(4000), b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_dicom_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    path = made.written(tmp_path, content)
    assert looks_like_dicom(path) == 0
    assert code_of(path) == "not-dicom"


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    assert code_of(tmp_path / "absent.dcm") == "unreadable"


def test_padding_after_the_last_element_is_left_out(tmp_path: Path) -> None:
    body = made.element(0x00100020, "LO", b"P1") + bytes(50)
    parsed = parse(made.written(tmp_path, made.meta() + body))
    assert parsed.dataset.PatientID == "P1"
    assert [reason.code for reason in parsed.warnings] == ["padding"]


def test_encapsulated_icons_in_sequences_are_stepped_over(data_folder: Path) -> None:
    parsed = parse(data_folder / "odd_dicom" / "JPEGwithIcon.dcm")
    assert "IconImageSequence" in parsed.dataset
    assert parsed.pixels is not None


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small_bigendian.dcm", "rtplan.dcm"])
@settings(max_examples=150, derandomize=True, deadline=None)
@given(changes=st.lists(st.tuples(st.integers(0, 2**16), st.integers(0, 255)), max_size=12),
       cut=st.integers(0, 2**16))  # fmt: skip
def test_changed_bytes_are_read_or_refused_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, name: str, changes: list[tuple[int, int]], cut: int
) -> None:
    data = bytearray(shipped(name).read_bytes())
    for place, value in changes:
        data[place % min(len(data), 4096)] = value
    if cut % 3 == 0:
        del data[max(cut % len(data), 1) :]
    path = tmp_path_factory.getbasetemp() / "mutated.dcm"
    path.write_bytes(data)
    assert outcome(path)


@settings(max_examples=150, derandomize=True, deadline=None)
@given(lengths=st.lists(st.sampled_from([0, 1, 8, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF]), max_size=8),
       tags=st.lists(st.sampled_from([0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD, 0x00081115, 0x7FE00010]),
                     min_size=8, max_size=8))  # fmt: skip
def test_any_mix_of_delimiters_and_lengths_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], tags: list[int]
) -> None:
    body = made.element(0x00081115, "SQ", b"", length=0xFFFFFFFF)
    for tag, length in zip(tags, lengths, strict=False):
        body += struct.pack("<HHL", tag >> 16, tag & 0xFFFF, length)
    path = tmp_path_factory.getbasetemp() / "mixed.dcm"
    path.write_bytes(made.meta() + body + bytes(64))
    assert outcome(path) in (
        "read", "structure", "truncated", "depth", "header-size", "doubled-element",
    )  # fmt: skip


def test_limit_errors_are_told_from_broken_files(tmp_path: Path) -> None:
    path = made.written(tmp_path, made.meta() + nested(40, known=True))
    with pytest.raises(LimitError, match="32 deep"):
        parse(path)
