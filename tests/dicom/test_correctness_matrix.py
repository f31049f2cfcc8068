"""The correctness matrix: each way a series can be odd comes out right or refused, never wrong."""

import contextlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from medmm.dicom.reader import DicomReader
from medmm.errors import MedmmError
from medmm.nouns import Facts, Picture, Series, Volume
from tests.dicom.odd_series import CASES, Refused, Right
from tests.dicom.synthetic import CLOSE_MM, Cut, Truth, cuts, write


@pytest.mark.parametrize(("name", "build", "expected"), CASES, ids=[one[0] for one in CASES])
def test_case_is_right_or_refused(
    name: str, build: Callable[[Path], Truth], expected: Right | Refused, tmp_path: Path
) -> None:
    truth = build(tmp_path / "in")
    series = list(DicomReader().read(tmp_path / "in", Facts()))
    _check_all_files_are_told_of(series, tmp_path / "in")
    volumes = [one for one in series if one.usable and one.kind in ("volume", "4d")]
    for one in volumes:
        _check_volume(one, truth)
    if isinstance(expected, Refused):
        assert not volumes
        assert series[0].verdict.status == "refused"
        assert series[0].verdict.reasons[0].code == expected.code, series[0].verdict
        assert series[0].verdict.reasons[0].text
        return
    assert sorted(one.shape[0] for one in volumes) == sorted(expected.slices), [
        one.verdict for one in series
    ]
    for one in volumes:
        assert one.verdict.status == expected.status, one.verdict
        assert expected.codes <= {reason.code for reason in one.verdict.reasons}
        assert (one.shape[3] if len(one.shape) == 4 else 1) == expected.times
        assert one.kind == ("volume" if expected.times == 1 else "4d")


def _check_all_files_are_told_of(series: list[Series], folder: Path) -> None:
    told = {file for one in series for file in one.files}
    told |= {dropped.file for one in series for dropped in one.verdict.dropped}
    assert told == {str(path) for path in folder.iterdir()}


def _check_volume(series: Series, truth: Truth) -> None:
    volume = series.content
    assert isinstance(volume, Volume)
    assert volume.array.shape == series.shape
    assert series.units == volume.units == "HU"
    assert series.affine_lps == tuple(tuple(row) for row in volume.affine_lps.tolist())
    assert series.verdict.max_deviation_mm is not None
    assert series.verdict.max_deviation_mm < 0.05
    for time in range(series.shape[3] if len(series.shape) == 4 else 1):
        array = volume.array[..., time] if volume.array.ndim == 4 else volume.array
        one = Volume(array, volume.affine_lps, volume.units)
        assert truth.error_mm(one) < CLOSE_MM
        assert len(truth.identities_in(one)) == 1
        serials = truth.serials(array, volume.units)
        assert len(np.unique(serials)) == serials.size


def test_a_gap_is_filled_only_when_asked_for(tmp_path: Path) -> None:
    slices = cuts()
    del slices[9]
    write(tmp_path, slices)
    (series,) = DicomReader().read(tmp_path, Facts(fill_gaps=True))
    assert series.verdict.status == "repaired"
    assert "filled" in {reason.code for reason in series.verdict.reasons}
    array = series.content.array
    assert series.shape[0] == array.shape[0] == 20
    np.testing.assert_allclose(array[9], (array[8].astype(float) + array[10]) / 2, atol=0.5)


def test_a_wide_gap_is_not_filled(tmp_path: Path) -> None:
    slices = cuts()
    del slices[9:13]
    write(tmp_path, slices)
    (series,) = DicomReader().read(tmp_path, Facts(fill_gaps=True))
    assert series.verdict.reasons[0].code == "missing_slices"


def test_another_spacing_is_not_filled_as_if_slices_were_missing(tmp_path: Path) -> None:
    write(tmp_path, cuts(14) + cuts(6, 5.0, origin=(-30, -40, 137.5)))
    (series,) = DicomReader().read(tmp_path, Facts(fill_gaps=True))
    assert series.verdict.reasons[0].code == "irregular_spacing"


def test_broken_bytes_give_reasons_and_never_another_error(tmp_path: Path) -> None:
    """One to three bytes of the header of one slice in six change at random, 100 times."""
    write(tmp_path, cuts(6))
    path = tmp_path / "im0003.dcm"
    whole = path.read_bytes()
    random = np.random.default_rng(11)
    for _ in range(100):
        data = bytearray(whole)
        for place in random.integers(132, len(whole) - 160, random.integers(1, 4)):
            data[place] = random.integers(256)
        path.write_bytes(data)
        for series in DicomReader().read(tmp_path, Facts()):
            assert series.usable or series.verdict.reasons
            with contextlib.suppress(MedmmError):
                series.load()


def test_padding_becomes_air_and_is_masked(tmp_path: Path) -> None:
    slices = cuts(5, tags={"PixelRepresentation": 1, "PixelPaddingValue": -2000}, intercept=0.0)
    for cut in slices:
        cut.stored = np.full(cut.shape, 40)
        cut.stored[0, :3] = -2000
    write(tmp_path, slices)
    (series,) = DicomReader().read(tmp_path, Facts())
    volume = series.content
    assert isinstance(volume, Volume)
    assert volume.padding is not None
    assert volume.padding[:, 0, :3].all()
    assert volume.padding.sum() == 15
    assert set(np.unique(volume.array[volume.padding])) == {-1024}
    assert set(np.unique(volume.array[~volume.padding])) == {40}


def test_padding_range_of_unsigned_words_in_a_signed_image(tmp_path: Path) -> None:
    """63536 written as US is -2000 where PixelRepresentation is 1."""
    slices = cuts(
        3,
        tags={
            "PixelRepresentation": 1,
            "PixelPaddingValue": -2000,
            "PixelPaddingRangeLimit": -1900,
        },
        intercept=0.0,
    )
    for cut in slices:
        cut.stored = np.full(cut.shape, 7)
        cut.stored[1, 1] = -1950
    write(tmp_path, slices)
    for path in tmp_path.iterdir():
        data = path.read_bytes()
        path.write_bytes(data.replace(b"\x28\x00\x20\x01SS", b"\x28\x00\x20\x01US"))
    (series,) = DicomReader().read(tmp_path, Facts())
    volume = series.content
    assert isinstance(volume, Volume)
    assert volume.padding is not None
    assert volume.padding.sum() == 3


def test_monochrome1_picture_keeps_its_values_and_says_inverted(tmp_path: Path) -> None:
    write(tmp_path, cuts(1, tags={"PhotometricInterpretation": "MONOCHROME1"}))
    (series,) = DicomReader().read(tmp_path, Facts())
    picture = series.content
    assert isinstance(picture, Picture)
    assert picture.inverted
    assert picture.array.ravel().tolist() == list(range(-1024, -1024 + 80))


def test_a_scout_becomes_a_picture_of_its_own(tmp_path: Path) -> None:
    scout = Cut(np.zeros(3), tags={"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]})
    write(tmp_path, [scout, *cuts()])
    kinds = sorted((one.kind, one.units, one.key) for one in DicomReader().read(tmp_path, Facts()))
    assert [kind[:2] for kind in kinds] == [("picture", "1"), ("volume", "HU")]
    assert kinds[0][2] != kinds[1][2]
