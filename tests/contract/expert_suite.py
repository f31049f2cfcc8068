"""What every expert must do, ours and third parties': subclass and give a series that it takes.

class TestMyExpert(ExpertSuite):
    entry = "my_package.my_expert:build"
    heavy = ("torch",)  # modules that making it and reading its card must not import

    @pytest.fixture
    def good(self): return a series that the expert takes, a volume in a plain axial grid

Experts of volumes subclass `VolumeExpertSuite`, those of films `FilmExpertSuite`.
"""

import hashlib
import importlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from medmm.errors import CancelledError, ExpertError
from medmm.nouns import (
    ExpertResult,
    Patient,
    Picture,
    Reason,
    Region,
    RunContext,
    Selection,
    Series,
    Study,
    Upright,
    Verdict,
    Volume,
)
from medmm.seams import Expert

UNITS = {"mL", "mm", "mm2", "%", "[hnsf'U]", "1", "mV", "ms", "/min", "deg", "g/mL"}
TURNS = [
    ((0, 1, 2), (0, 0, 0)), ((0, 1, 2), (1, 0, 0)), ((0, 1, 2), (0, 0, 1)),
    ((0, 1, 2), (1, 1, 1)), ((1, 0, 2), (0, 1, 0)), ((2, 1, 0), (1, 0, 1)),
]  # fmt: skip
ORIENTATIONS = [("L", "F"), ("R", "F"), ("L", "H"), ("R", "H"), ("F", "L"), ("H", "R")]


class ExpertSuite:
    """The cases; a subclass gives ``entry``, ``good`` and, where it needs them, the others."""

    entry = ""
    heavy: tuple[str, ...] = ("scipy", "torch", "monai", "onnxruntime")

    @pytest.fixture
    def good(self) -> Series:
        raise NotImplementedError

    @pytest.fixture
    def expert(self) -> Expert:
        module, name = self.entry.split(":")
        made = getattr(importlib.import_module(module), name)()
        assert isinstance(made, Expert)
        return made

    @pytest.fixture
    def answer(self, expert: Expert, good: Series, tmp_path: Path) -> ExpertResult:
        return run(expert, good, tmp_path)

    def test_its_card_is_complete(self, expert: Expert) -> None:
        card = expert.card
        for name in ("name", "version", "task", "needs", "training_data", "licence", "calibration"):
            assert getattr(card, name).strip(), name
        for name in ("modalities", "outputs", "assesses", "figures", "failures", "refusals",
                     "references", "codes"):  # fmt: skip
            assert getattr(card, name), name
        assert card.status in {"measured", "demonstrator"}
        assert card.cost is not None
        assert min(card.cost.seconds, card.cost.megabytes) > 0
        assert card.cost.on
        for figure in card.figures:
            assert all((figure.what, figure.unit, figure.data, figure.command)), figure.what

    def test_making_it_and_reading_its_card_imports_nothing_heavy(self) -> None:
        module, name = self.entry.split(":")
        code = (
            f"import json, sys, {module} as m; m.{name}().card.name;"
            f"print(json.dumps([h for h in {list(self.heavy)!r} if h in sys.modules]))"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        assert json.loads(done.stdout) == []

    def test_its_weights_are_what_the_card_says(self, expert: Expert) -> None:
        module = importlib.import_module(self.entry.split(":")[0])
        folder = Path(module.__file__ or "").parent
        for name, sha256 in expert.card.weights.items():
            assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == sha256

    def test_it_takes_the_good_series_and_says_so(self, expert: Expert, good: Series) -> None:
        (selection,) = expert.inputs(study(good))
        assert selection.series == (good,)
        assert selection.applicability.status == "applies"

    def test_every_answer_but_applies_has_a_reason(self, expert: Expert, good: Series) -> None:
        others = [
            changed(good, modality="XX"),
            changed(good, kind="document"),
            changed(good, verdict=Verdict("refused", (Reason("gaps", "A slice is missing."),))),
        ]
        for selection in expert.inputs(study(*others)):
            assert selection.applicability.status == "refuses"
            assert selection.applicability.reason.strip()

    def test_a_study_without_series_asks_for_nothing(self, expert: Expert) -> None:
        assert expert.inputs(study()) == []

    @pytest.mark.parametrize("kind", ["empty", "constant", "not a number"])
    def test_pixels_without_content_are_refused(
        self, expert: Expert, good: Series, kind: str
    ) -> None:
        content = pixels_of(good)
        array = np.zeros(content.array.shape, dtype=np.float32)
        if kind == "empty":
            array = array[:0]
        if kind == "not a number":
            array[:] = np.nan
        for selection in expert.inputs(study(with_content(good, replace(content, array=array)))):
            assert selection.applicability.status == "refuses"
            with pytest.raises(ExpertError):
                expert.run(selection, RunContext(scratch=Path()))

    def test_it_stops_when_asked_to(self, expert: Expert, good: Series, tmp_path: Path) -> None:
        (selection,) = expert.inputs(study(good))
        with pytest.raises(CancelledError):
            expert.run(selection, RunContext(scratch=tmp_path, cancelled=lambda: True))

    def test_it_keeps_its_deadline(self, expert: Expert, good: Series, tmp_path: Path) -> None:
        (selection,) = expert.inputs(study(good))
        with pytest.raises(ExpertError, match="deadline"):
            expert.run(selection, RunContext(scratch=tmp_path, deadline=time.monotonic() - 1))

    def test_the_same_input_gives_the_same_result(
        self, expert: Expert, good: Series, answer: ExpertResult, tmp_path: Path
    ) -> None:
        content = pixels_of(good)
        before = content.array.tobytes()
        again = run(
            expert, with_content(good, replace(content, array=content.array.copy())), tmp_path
        )
        assert content.array.tobytes() == before
        assert again.measurements == answer.measurements
        assert again.findings == answer.findings
        for one, other in zip(again.regions, answer.regions, strict=True):
            assert (one.id, one.box, one.slice) == (other.id, other.box, other.slice)
            if one.mask is not None and other.mask is not None:
                assert np.array_equal(one.mask.full(), other.mask.full())

    def test_it_opens_no_connection(
        self, expert: Expert, good: Series, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        def refuse(*_: object) -> None:
            raise AssertionError("a connection was opened")

        monkeypatch.setattr(socket.socket, "connect", refuse)
        monkeypatch.setattr(socket.socket, "bind", refuse)
        run(expert, good, tmp_path)

    def test_ids_are_unique_and_all_that_is_referred_to_is_there(
        self, expert: Expert, answer: ExpertResult
    ) -> None:
        ids = [one.id for many in (answer.regions, answer.measurements, answer.findings)
               for one in many]  # fmt: skip
        assert len(ids) == len(set(ids))
        regions = {region.id for region in answer.regions}
        measured = {one.id for one in answer.measurements}
        assert {one.region for one in answer.measurements} <= {*regions, None}
        for finding in answer.findings:
            assert set(finding.regions) <= regions
            assert set(finding.measurements) <= measured
            assert finding.source == expert.card.name
        assert set(answer.assessed) <= set(expert.card.assesses)
        assert (answer.expert, answer.version) == (expert.card.name, expert.card.version)

    def test_measurements_have_ucum_units_methods_and_uncertainty(
        self, answer: ExpertResult
    ) -> None:
        assert answer.measurements
        for one in answer.measurements:
            assert one.unit in UNITS
            assert one.method
            assert np.isfinite(one.value)
            assert one.uncertainty is not None
            assert one.uncertainty.kind
            assert np.isfinite(one.uncertainty.value)
            assert one.uncertainty.value >= 0

    def test_regions_lie_on_the_series_grid(self, good: Series, answer: ExpertResult) -> None:
        assert answer.regions
        shape = pixels_of(good).array.shape
        for region in answer.regions:
            assert (region.series_uid, region.series_key) == (good.uid, good.key)
            assert region.label
            assert region.code is not None
            assert region.confidence is None or 0 <= region.confidence <= 1
            if region.mask is None or region.box is None:
                continue
            full = region.mask.full()
            assert full.shape == shape
            flat = full if region.slice is None else full[region.slice]
            x0, y0, x1, y1 = (int(edge) for edge in region.box)
            assert flat.any()
            assert flat[y0:y1, x0:x1].sum() == flat.sum()
            if region.slice is not None:
                assert full.sum(axis=(1, 2)).max() == flat.sum()


class VolumeExpertSuite(ExpertSuite):
    """What experts of volumes must do besides."""

    @pytest.mark.parametrize(("order", "flips"), TURNS, ids=str)
    def test_the_order_and_direction_of_axes_change_no_answer_and_no_side(
        self,
        expert: Expert,
        good: Series,
        answer: ExpertResult,
        order: tuple[int, int, int],
        flips: tuple[int, int, int],
        tmp_path: Path,
    ) -> None:
        turned = run(expert, with_volume(good, turn(volume_of(good), order, flips)), tmp_path)
        assert physical(turned) == pytest.approx(physical(answer), rel=1e-3)
        for one, other in zip(turned.regions, answer.regions, strict=True):
            assert one.laterality == other.laterality
            first, second = one.centre_mm(), other.centre_mm()
            assert (first is None) == (second is None)
            if first is not None and second is not None:
                assert np.allclose(first, second, atol=0.01)

    def test_a_finer_grid_gives_the_same_answer_within_its_uncertainty(
        self, expert: Expert, good: Series, answer: ExpertResult, tmp_path: Path
    ) -> None:
        finer = run(expert, with_volume(good, split_columns(volume_of(good))), tmp_path)
        for region in answer.regions:
            twin = min(finer.regions, key=lambda one: apart(one, region))
            assert (twin.label, twin.laterality) == (region.label, region.laterality)
            again = {one.name: one for one in finer.measurements if one.region == twin.id}
            for one in (one for one in answer.measurements if one.region == region.id):
                off = one.uncertainty.value if one.uncertainty else 0.0
                assert abs(again[one.name].value - one.value) <= off, one.id


class FilmExpertSuite(ExpertSuite):
    """What experts of films must do besides; ``good`` is an upright frontal film of even sides."""

    @pytest.mark.parametrize("orientation", ORIENTATIONS, ids="-".join)
    def test_how_a_film_is_stored_changes_no_answer_and_no_side(
        self,
        expert: Expert,
        good: Series,
        answer: ExpertResult,
        orientation: tuple[str, str],
        tmp_path: Path,
    ) -> None:
        stored = Upright.of(orientation)
        assert stored is not None
        picture = pixels_of(good)
        turned = replace(picture, array=stored.back(picture.array), spacing_mm=None)
        view = replace(good.view, patient_orientation=orientation)
        told = changed(with_content(good, turned), view=view)
        plain = run(expert, with_content(good, replace(picture, spacing_mm=None)), tmp_path)
        result = run(expert, told, tmp_path)
        assert physical(result) == pytest.approx(physical(plain), rel=1e-3)
        for one, other in zip(result.regions, answer.regions, strict=True):
            assert (one.label, one.laterality) == (other.label, other.laterality)
            if one.mask is not None and other.mask is not None:
                assert np.array_equal(stored.turned(one.mask.full()), other.mask.full())

    def test_low_values_that_are_shown_bright_change_no_answer(
        self, expert: Expert, good: Series, answer: ExpertResult, tmp_path: Path
    ) -> None:
        picture = pixels_of(good)
        top = int(picture.array.max())
        negative = replace(picture, array=top - picture.array, inverted=True)
        result = run(expert, with_content(good, negative), tmp_path)
        assert physical(result) == pytest.approx(physical(answer), rel=1e-3)

    def test_no_millimetre_is_made_without_a_calibration(
        self, expert: Expert, good: Series, tmp_path: Path
    ) -> None:
        bare = with_content(good, replace(pixels_of(good), spacing_mm=None))
        units = {one.unit for one in run(expert, bare, tmp_path).measurements}
        assert not units & {"mm", "mm2", "mL"}


def apart(one: Region, other: Region) -> float:
    """The distance in mm between two regions' centres; 0 where there is no frame."""
    first, second = one.centre_mm(), other.centre_mm()
    return 0.0 if first is None or second is None else float(np.linalg.norm(first - second))


def study(*series: Series) -> Study:
    """A study of these series."""
    return Study("1.2.826.0.1", Patient(id="P"), series)


def pixels_of(series: Series) -> Volume | Picture:
    """The volume or picture of a series."""
    assert isinstance(series.content, Volume | Picture)
    return series.content


def with_content(series: Series, content: Volume | Picture) -> Series:
    """The same series with other pixels in it."""
    if isinstance(content, Volume):
        return with_volume(series, content)
    return changed(
        series, load=lambda: content, shape=content.array.shape, spacing_mm=content.spacing_mm
    )


def volume_of(series: Series) -> Volume:
    """The volume of a series."""
    assert isinstance(series.content, Volume)
    return series.content


def with_volume(series: Series, volume: Volume) -> Series:
    """The same series with another volume in it."""
    return changed(
        series,
        load=lambda: volume,
        shape=volume.array.shape,
        spacing_mm=volume.spacing_mm,
        affine_lps=tuple(tuple(float(x) for x in row) for row in volume.affine_lps),
    )


def changed(series: Series, **fields: object) -> Series:
    """A copy of a series with other fields and nothing loaded."""
    change: Callable[..., Series] = replace
    return change(series, **fields)


def run(expert: Expert, series: Series, scratch: Path) -> ExpertResult:
    """What an expert says of a series that it takes."""
    selections: list[Selection] = expert.inputs(study(series))
    (selection,) = selections
    assert selection.applicability.status != "refuses", selection.applicability.reason
    return expert.run(selection, RunContext(scratch=scratch))


def physical(result: ExpertResult) -> dict[str, float]:
    """Values by measurement id."""
    return {one.id: one.value for one in result.measurements}


def turn(volume: Volume, order: tuple[int, ...], flips: tuple[int, ...]) -> Volume:
    """The same patient with array axes in another order and direction."""
    assert order in set(permutations((0, 1, 2)))
    array = np.transpose(volume.array, order)
    matrix = np.zeros((4, 4))
    matrix[3, 3] = 1
    for new, (old, flip) in enumerate(zip(order, flips, strict=True)):
        matrix[old, new] = -1 if flip else 1
        matrix[old, 3] = volume.array.shape[old] - 1 if flip else 0
    array = array[tuple(slice(None, None, -1 if flip else 1) for flip in flips)]
    return replace(volume, array=np.ascontiguousarray(array), affine_lps=volume.affine_lps @ matrix)


def split_columns(volume: Volume) -> Volume:
    """Each column twice at half the spacing: other voxels, the very same patient."""
    half = np.diag([1.0, 1.0, 0.5, 1.0])
    half[2, 3] = -0.25
    array = np.repeat(volume.array, 2, axis=2)
    return replace(volume, array=array, affine_lps=volume.affine_lps @ half)
