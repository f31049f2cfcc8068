"""A region's mask lies on the pixels that the expert marked, in every plane."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from medmm.assembly.drafting import draft
from medmm.assembly.homes import OpenHome
from medmm.errors import InputError
from medmm.nouns import Mask
from medmm.records import reports
from tests.records.builders import draft as plain_draft
from tests.records.builders import series, study
from tests.ui.viewer.desk import application, kept, stored
from tests.ui.viewer.phantoms import Known
from ui.viewer.masks import cut, told
from ui.viewer.planes import NAMES, plane


@pytest.fixture(scope="module")
def client(home: OpenHome) -> TestClient:
    return TestClient(application(home), client=("127.0.0.1", 50000))


def bits(answer: Any, count: int = 1) -> np.ndarray:
    assert answer.status_code == 200, answer.text
    rows, columns = (int(answer.headers[f"Pixel-{name}"]) for name in ("Rows", "Columns"))
    assert answer.headers["Pixel-Type"] == "bits"
    packed = np.frombuffer(answer.content, np.uint8).reshape(count, -1)
    return np.unpackbits(packed, axis=1, count=rows * columns).reshape(count, rows, columns) > 0


def test_masks_are_the_experts_own_on_every_slice(known: Known, client: TestClient) -> None:
    made = client.get(f"/api/studies/{known.study.id}/viewer?report={known.report}").json()
    assert {one["id"] for one in made["regions"]} == {one.id for one in known.regions}
    for region in known.regions:
        assert region.mask
        [told] = [one for one in made["regions"] if one["id"] == region.id]
        path = f"/api/studies/{known.study.id}/series/{told['series']}/masks/{region.id}"
        full = region.mask.full()
        for first in range(0, full.shape[0], 32):
            got = bits(client.get(f"{path}/{first}?report={known.report}&count=32"), 32)
            np.testing.assert_array_equal(got, full[first : first + 32])
        where = client.get(f"{path}?report={known.report}").json()
        assert where["voxels"] == region.mask.count
        hit = np.flatnonzero(full.any(axis=(1, 2)))
        assert where["slices"] == [hit[0], hit[-1]]
        assert full[where["largest"]].sum() == full.sum(axis=(1, 2)).max()


def test_masks_are_cut_as_the_slices_are(known: Known, client: TestClient) -> None:
    """In each plane a mask covers the pixels of the voxels that it was found in."""
    region = next(one for one in known.regions if one.label.endswith("lung"))
    assert region.mask
    full = region.mask.full()
    series_of_home = known.study.series[0]
    affine = np.array(series_of_home.affine_lps)
    made = client.get(f"/api/studies/{known.study.id}/viewer?report={known.report}").json()
    number = made["series"][0]["id"]
    for name in NAMES:
        place = plane(name, full.shape, affine)
        assert place
        k = int(np.median(np.nonzero(full)[place.axes[0]]))
        path = f"/api/studies/{known.study.id}/series/{number}/masks/{region.id}/{k}"
        [got] = bits(client.get(f"{path}?report={known.report}&plane={name}"))
        np.testing.assert_array_equal(got, place.cut(full, k))
        assert got.any()


def test_statements_are_named_with_the_regions_that_they_rest_on(
    known: Known, client: TestClient, home: OpenHome
) -> None:
    made = client.get(f"/api/studies/{known.study.id}/viewer?report={known.report}").json()
    report = reports.load_report(home.database, known.report)
    texts = {
        one["id"]: one["text"]
        for section in report.last.document["sections"]
        for one in section["statements"]
    }
    for region in made["regions"]:
        assert region["statements"], region
        # The sentence about a lung names that lung.
        if region["label"] in ("right lung", "left lung"):
            assert any(region["label"] in texts[one] for one in region["statements"])
    assert made["report"] == {"id": known.report, "version": 1, "status": "draft"}


def test_a_region_of_another_report_or_series_is_not_given(
    known: Known, client: TestClient, home: OpenHome
) -> None:
    other = kept(home, study(series("1.7.1"), uid="1.7"))
    assert other.id
    bare = reports.save_draft(home.database, home.home, other.id, plain_draft("1.7"))
    number = client.get(f"/api/studies/{other.id}/viewer").json()["series"][0]["id"]
    region = known.regions[0].id
    for report in (known.report, bare.report_id):
        path = f"/api/studies/{other.id}/series/{number}/masks/{region}/0?report={report}"
        assert client.get(path).status_code == 404
    wrong = f"/api/studies/{known.study.id}/viewer?report={bare.report_id}"
    assert client.get(wrong).status_code == 404
    assert client.get(f"{wrong}&version=7").status_code == 404


@pytest.mark.parametrize("name", NAMES)
def test_a_cropped_mask_is_cut_as_the_full_one(name: str) -> None:
    random = np.random.default_rng(5)
    affine = np.array(
        [[0.0, 0.9, 0.1, -20], [0.1, 0.0, -0.7, 5], [2.5, 0.1, 0.0, -30], [0, 0, 0, 1]]
    )
    full = np.zeros((7, 11, 13), dtype=bool)
    full[2:5, 3:9, 1:6] = random.random((3, 6, 5)) < 0.5
    place = plane(name, full.shape, affine)  # type: ignore[arg-type]
    assert place
    mask = Mask.of(full)
    for k in range(place.shape[0]):
        np.testing.assert_array_equal(cut(mask, place, k), place.cut(full, k))


def test_an_empty_mask_is_nowhere() -> None:
    mask = Mask.of(np.zeros((3, 4, 5), dtype=bool))
    assert told(mask) == {"slices": None, "largest": None, "voxels": 0}


def test_a_films_mask_is_its_png(home: OpenHome, client: TestClient, film_folder: Path) -> None:
    [one] = stored(home, film_folder)
    made = draft(one, home=home)
    regions = client.get(f"/api/studies/{one.id}/viewer?report={made.report_id}").json()["regions"]
    assert regions
    for region, told_region in zip(made.regions, regions, strict=True):
        assert region.mask
        path = f"/api/studies/{one.id}/series/{told_region['series']}/masks/{region.id}/0"
        [got] = bits(client.get(f"{path}?report={made.report_id}"))
        np.testing.assert_array_equal(got, region.mask.full())


def test_a_mask_of_another_grid_is_refused(home: OpenHome, known: Known) -> None:
    from medmm.assembly.viewing import kept_mask, numbers_of, shown_series

    other = kept(home, study(series("1.8.1"), uid="1.8"))
    assert other.id
    [(number, _)] = numbers_of(home, other.id)[1]
    name = known.regions[0].mask_path
    assert name
    with pytest.raises(InputError) as refused:
        kept_mask(home, name, shown_series(home, other.id, number))
    assert refused.value.code == "mask-grid"
