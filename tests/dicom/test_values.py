"""Stored values become real-world values once, with units only where they are known."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from medmm.dicom import suv, times
from medmm.dicom.fields import Fields, clean, number
from medmm.dicom.header import Lut, Rescale
from medmm.dicom.reader import DicomReader
from medmm.dicom.values import Meaning, Padding, to_values
from medmm.errors import InputError
from medmm.nouns import Facts, Series
from tests.dicom.synthetic import cuts, write


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    dtype=st.sampled_from(["u1", "i1", "u2", "i2", "u4", "i4", "f4"]),
    slopes=st.lists(st.sampled_from([1.0, 2.0, -1.0, 0.5, 4.7]), min_size=3, max_size=3),
    intercepts=st.lists(
        st.sampled_from([0.0, -1024.0, 3.0, 0.25, 40000.0]), min_size=3, max_size=3
    ),
    seed=st.integers(0, 999),
)
def test_values_equal_exact_arithmetic(
    dtype: str, slopes: list[float], intercepts: list[float], seed: int
) -> None:
    random = np.random.default_rng(seed)
    kind = np.dtype(dtype)
    limits = np.iinfo(kind) if kind.kind != "f" else None
    low, high = (-5000, 5000) if limits is None else (max(limits.min, -9000), limits.max)
    stored = random.integers(low, min(high, 70000), (3, 4, 5), endpoint=True).astype(kind)
    exact = np.stack([stored[n].astype(float) * slopes[n] + intercepts[n] for n in range(3)])
    meanings = [Meaning(Rescale(a, b, given=True)) for a, b in zip(slopes, intercepts, strict=True)]
    values, mask = to_values(stored.copy(), meanings, None)
    assert mask is None
    assert values.dtype in (np.int16, np.float32)
    np.testing.assert_allclose(values, exact, rtol=1e-6, atol=1e-3)
    whole = kind.kind != "f" and all(float(x).is_integer() for x in (*slopes, *intercepts))
    fits = exact.min() >= -32768 and exact.max() <= 32767
    assert (values.dtype == np.int16) == (whole and fits)


def test_padding_is_taken_out_before_the_range_is_judged() -> None:
    stored = np.array([[[65535, 100], [200, 300]]], dtype=np.uint16)
    meaning = Meaning(Rescale(1.0, -1024.0, given=True), Padding(65535, 65535))
    values, mask = to_values(stored, [meaning], -1024.0)
    assert values.dtype == np.int16
    assert values.tolist() == [[[-1024, -924], [-824, -724]]]
    assert mask is not None
    assert mask.sum() == 1


def test_a_modality_table_clamps_at_its_ends() -> None:
    meaning = Meaning(Rescale(given=True, lut=Lut(10, np.array([5, 6, 7000], dtype=np.uint16))))
    stored = np.array([[[0, 10], [11, 99]]], dtype=np.uint16)
    assert to_values(stored, [meaning], None)[0].tolist() == [[[5, 5], [6, 7000]]]


def _only(folder: Path) -> Series:
    (series,) = DicomReader().read(folder, Facts())
    return series


def test_a_modality_table_wins_over_rescale(tmp_path: Path) -> None:
    table = Dataset()
    table.add_new("LUTDescriptor", "US", [4, 0, 16])
    table.add_new("LUTData", "US", [10, 20, 30, 40])
    table.ModalityLUTType = "US"
    slices = cuts(3, tags={"ModalityLUTSequence": Sequence([table]), "Modality": "CT"})
    for cut in slices:
        cut.stored = np.arange(80).reshape(8, 10) % 4
    write(tmp_path, slices)
    series = _only(tmp_path)
    assert series.units == "1"
    assert "not_hu" in {reason.code for reason in series.verdict.reasons}
    assert set(np.unique(series.content.array)) == {10, 20, 30, 40}  # type: ignore[union-attr]


@pytest.mark.parametrize(("kind", "units"), [("HU", "HU"), ("", "HU"), ("US", "1"), ("OD", "1")])
def test_only_hounsfield_units_are_called_so(kind: str, units: str, tmp_path: Path) -> None:
    write(tmp_path, cuts(3, tags={"RescaleType": kind}))
    assert _only(tmp_path).units == units


def test_ct_without_rescale_is_not_called_hu(tmp_path: Path) -> None:
    write(tmp_path, cuts(3, without=("RescaleSlope", "RescaleIntercept", "RescaleType")))
    assert _only(tmp_path).units == "1"


def test_slices_of_different_units_are_refused(tmp_path: Path) -> None:
    slices = cuts(4)
    slices[2].tags["RescaleType"] = "US"
    write(tmp_path, slices)
    series = _only(tmp_path)
    assert series.verdict.reasons[0].code == "mixed_units"
    with pytest.raises(InputError, match="different units"):
        series.load()


EXPECTED = "pet/suv_headers/expected_suvbw_factors.json"


@pytest.mark.parametrize(
    "vendor",
    [
        "PHILIPS_BQML",
        "SIEMENS",
        "GE_MEDICAL_AND_BQML",
        "BQML_AC_DT_lessThan_S_DT_SIEMENS",
        "RADIOPHARM_DATETIME_UNDEFINED",
    ],
)
def test_suv_factors_of_vendors_headers(vendor: str, data_folder: Path) -> None:
    expected = json.loads((data_folder / EXPECTED).read_text())[vendor]
    headers = json.loads((data_folder / f"pet/suv_headers/{vendor}-instances.json").read_text())
    assert suv.factor([_pet(header) for header in headers]) == pytest.approx(expected, rel=1e-6)


def test_philips_counts_are_not_called_suv(data_folder: Path) -> None:
    path = data_folder / "pet/suv_headers/PHILIPS_CNTS_AND_BQML_SUV-instances.json"
    levels = [_pet(header | {"Units": "CNTS"}) for header in json.loads(path.read_text())]
    with pytest.raises(InputError, match="BQML"):
        suv.factor(levels)


@pytest.mark.parametrize(
    "missing",
    ["PatientWeight", "RadionuclideTotalDose", "RadionuclideHalfLife", "CorrectedImage", "Units"],
)
def test_no_suv_without_each_of_its_tags(missing: str, data_folder: Path) -> None:
    path = data_folder / "pet/suv_headers/SIEMENS-instances.json"
    headers = json.loads(path.read_text())
    for header in headers:
        del header[missing]
    with pytest.raises(InputError) as refusal:
        suv.factor([_pet(header) for header in headers])
    assert refusal.value.code == "no_suv"
    assert refusal.value.tag == missing


_INJECTION = {
    "RadionuclideTotalDose",
    "RadionuclideHalfLife",
    "RadiopharmaceuticalStartTime",
    "RadiopharmaceuticalStartDateTime",
}


def _pet(header: dict[str, object]) -> Fields:
    dataset, source = Dataset(), Dataset()
    for keyword, value in header.items():
        if keyword in _INJECTION:
            setattr(source, keyword, value)
        elif keyword[0].isupper() and not isinstance(value, dict):
            setattr(dataset, keyword, value)
    dataset.RadiopharmaceuticalInformationSequence = [source]
    return Fields(dataset)


@pytest.mark.parametrize("text", ["nan", "inf", "1,5", "", "1_000", "0x10", "one"])
def test_numbers_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        number(text)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text())
def test_clean_text_holds_no_control_characters(text: str) -> None:
    kept = clean(text)
    assert all(character.isprintable() or not character.isascii() for character in kept)
    assert not any(0x202A <= ord(character) <= 0x202E for character in kept)
    assert len(kept) <= 1024


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("20240229", "2024-02-29"),
        ("2024.02.29", "2024-02-29"),
        ("20230229", ""),
        ("", ""),
        ("2024", ""),
        ("00000000", ""),
    ],
)
def test_dates_are_of_the_calendar(text: str, iso: str) -> None:
    assert times.iso_date(text) == iso


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("093011.25", "09:30:11.250000"),
        ("09", "09:00:00"),
        ("0930", "09:30:00"),
        ("235960", "23:59:59"),
        ("246000", None),
        ("9:30", None),
    ],
)
def test_clock_times(text: str, iso: str | None) -> None:
    clock = times.parse_clock(text)
    assert (None if clock is None else clock.isoformat()) == iso
