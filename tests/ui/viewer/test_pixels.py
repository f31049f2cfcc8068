"""Slices leave the pixel store exactly as they are kept, only to who may see them."""

import gzip
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from medmm.assembly.homes import OpenHome
from medmm.dicom.display import picture_8bit
from medmm.nouns import Study, Volume
from medmm.nouns.geometry import to_mm
from medmm.records.audit_tables import AuditRow
from tests.records.builders import refused_series, series, study
from tests.ui.viewer.desk import application, kept, stored

REAL = (
    "ct_abdomen/dicom",
    "mr_brain/pgbm003_11-T1post-18670",
    "mr_dcm_qa/ge_epi_nih/mr_0004",
    "highdicom_test_files/dx_image.dcm",
    "us/us_rgb_burned_in_fake_phi.dcm",
    "us/us_cine_12f_jpeg_regions.dcm",
    "xa/xa_20f_jpeg.dcm",
    "pet",
)


@pytest.fixture(scope="module")
def client(home: OpenHome) -> Iterator[TestClient]:
    with TestClient(application(home), client=("127.0.0.1", 50000)) as one:
        yield one


@pytest.fixture(scope="module")
def plain(home: OpenHome) -> Study:
    """A small CT made by hand, one series refused beside it."""
    return kept(home, study(series(), refused_series()))


def document(client: TestClient, number: int | None, query: str = "") -> dict[str, Any]:
    answer = client.get(f"/api/studies/{number}/viewer{query}")
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


def values(answer: Any) -> np.ndarray:
    assert answer.status_code == 200, answer.text
    told = answer.headers
    shape = [int(told[f"Pixel-{name}"]) for name in ("Rows", "Columns", "Samples")]
    array = np.frombuffer(answer.content, np.dtype(told["Pixel-Type"]).newbyteorder("<"))
    return array.reshape(shape[:2] if shape[2] == 1 else shape)


def whole(content: Any) -> np.ndarray:
    """A content's array with a slice axis."""
    return np.asarray(content.array if hasattr(content, "affine_lps") or content.array.ndim > 3
                      or _is_cine(content) else content.array[np.newaxis])  # fmt: skip


def _is_cine(content: Any) -> bool:
    return type(content).__name__ == "Cine"


@pytest.mark.parametrize("name", REAL)
def test_slices_of_real_series_are_what_the_reader_read(
    name: str, data_folder: Path, home: OpenHome, client: TestClient
) -> None:
    looked_at = 0
    for one in stored(home, data_folder / name):
        for told in document(client, one.id)["series"]:
            [kept_series] = [item for item in one.series if item.key == told["key"]]
            array = whole(kept_series.content)
            assert list(array.shape[:3]) == told["shape"]
            for k in {0, array.shape[0] // 2, array.shape[0] - 1}:
                for t in {0, told["steps"] - 1}:
                    path = f"/api/studies/{one.id}/series/{told['id']}/slices/{k}?t={t}"
                    wanted = array[k, ..., t] if told["steps"] > 1 else array[k]
                    got = values(client.get(path))
                    assert got.dtype.newbyteorder("=") == wanted.dtype.newbyteorder("=")
                    np.testing.assert_array_equal(got, wanted)
                    looked_at += 1
    assert looked_at


def test_a_film_of_low_values_bright_says_so_and_its_picture_is_inverted_after_the_window(
    data_folder: Path, home: OpenHome, client: TestClient
) -> None:
    [one] = stored(home, data_folder / "highdicom_test_files" / "dx_image.dcm")
    [told] = document(client, one.id)["series"]
    content: Any = one.series[0].content
    assert told["inverted"] == content.inverted
    path = f"/api/studies/{one.id}/series/{told['id']}/slices/0?format=jpeg&quality=100"
    got = np.asarray(Image.open(io.BytesIO(client.get(path).content)).convert("L"), np.int16)
    wanted = picture_8bit(content.array, content.window, inverted=content.inverted)
    assert np.abs(got - wanted).mean() < 2.0


def test_a_jpeg_is_windowed_as_asked(client: TestClient, plain: Study) -> None:
    [told] = document(client, plain.id)["series"]
    path = f"/api/studies/{plain.id}/series/{told['id']}/slices/2?format=jpeg"
    content: Any = plain.series[0].content
    got = client.get(f"{path}&window=3000,100&quality=100")
    assert got.headers["content-type"] == "image/jpeg"
    picture = np.asarray(Image.open(io.BytesIO(got.content)), np.int16)
    wanted = picture_8bit(content.array[2], (100.0, 3000.0))
    assert np.abs(picture - wanted).mean() < 3.0


@pytest.mark.parametrize("name", ["axial", "coronal", "sagittal"])
def test_a_cut_lies_in_the_patient_where_its_affine_says(
    name: str, data_folder: Path, home: OpenHome, client: TestClient
) -> None:
    """Every pixel of the cut is the voxel that the series has at that place in mm."""
    [one] = stored(home, data_folder / "mr_brain" / "pgbm003_11-T1post-18670")
    [told] = document(client, one.id)["series"]
    volume = one.series[0].content
    assert isinstance(volume, Volume)
    cut = told["planes"][name]
    affine = np.array(cut["affine_lps"])
    directions = {"axial": "LP", "coronal": "LF", "sagittal": "PF"}[name]
    for axis, letter in zip((2, 1), directions, strict=True):
        world = "LPF".index(letter)
        assert np.argmax(np.abs(affine[:3, axis])) == world
        assert (affine[world, axis] > 0) == (letter != "F")
    k = cut["shape"][0] // 3
    got = values(client.get(f"/api/studies/{one.id}/series/{told['id']}/slices/{k}?plane={name}"))
    assert list(got.shape) == cut["shape"][1:]
    places = np.random.default_rng(3).integers((0, 0), got.shape, (200, 2))
    points = to_mm(affine, [[k, row, column] for row, column in places])
    inverse = np.linalg.inv(volume.affine_lps)
    index = np.rint(points @ inverse[:3, :3].T + inverse[:3, 3]).astype(int)
    np.testing.assert_array_equal(got[tuple(places.T)], volume.array[tuple(index.T)])


def test_the_document_tells_windows_presets_verdicts_and_what_is_not_shown(
    client: TestClient, plain: Study
) -> None:
    made = document(client, plain.id)
    [told] = made["series"]
    first = told["windows"][0]
    assert (first["centre"], first["width"], first["source"]) == (-600.0, 1500.0, "header")
    named = {one["name"]: (one["width"], one["centre"], one["key"]) for one in told["presets"]}
    assert named["Lung"] == (1500, -600, "2")
    assert named["Bone"] == (2000, 350, "4")
    assert all(one["source"] for one in told["presets"])
    assert told["spacing_mm"] == [2.5, 0.7, 0.7]
    assert told["verdict"]["status"] == "usable"
    assert told["stored_plane"] == "axial"
    [refused] = made["not_shown"]
    assert refused["why"] == "A slice is missing."


def test_values_without_a_window_get_percentiles_and_no_preset(
    home: OpenHome, client: TestClient, data_folder: Path
) -> None:
    [one] = stored(home, data_folder / "mr_dcm_qa" / "ge_epi_nih" / "mr_0004")
    for told in document(client, one.id)["series"]:
        assert told["presets"] == []
        assert told["windows"]


def test_wrong_numbers_planes_and_windows_are_refused_without_a_trace(
    client: TestClient, plain: Study
) -> None:
    made = document(client, plain.id)
    number, refused = made["series"][0]["id"], made["not_shown"][0]["id"]
    base = f"/api/studies/{plain.id}/series/{number}"
    wrong = {
        f"{base}/slices/6": 404,
        f"{base}/slices/-1": 422,
        f"{base}/slices/99999999999999999999": 422,
        f"{base}/slices/x": 422,
        f"{base}/slices/0?plane=oblique": 422,
        f"{base}/slices/16?plane=coronal": 404,
        f"{base}/slices/0?t=1": 404,
        f"{base}/slices/0?format=png": 422,
        f"{base}/slices/0?format=jpeg&window=abc": 422,
        f"{base}/slices/0?format=jpeg&window=0,40": 422,
        f"{base}/slices/0?format=jpeg&window=nan,40": 422,
        f"{base}/slices/0?format=jpeg&window=400,40,CUBIC": 422,
        f"{base}/slices/0?format=jpeg&quality=101": 422,
        f"{base}/padding/0": 404,
        f"{base}/masks/r1/0?report=1": 404,
        f"{base}/masks/r1?report=1": 404,
        f"{base}/masks/r1/0": 422,
        f"/api/studies/{plain.id}/series/{refused}/slices/0": 422,
        f"/api/studies/{plain.id}/series/999/slices/0": 404,
        f"/api/studies/999/series/{number}/slices/0": 404,
        "/api/studies/999/viewer": 404,
        f"/api/studies/{plain.id}/viewer?report=999": 404,
    }
    for path, status in wrong.items():
        answer = client.get(path)
        assert answer.status_code == status, (path, answer.text)
        assert "Traceback" not in answer.text
        assert answer.json()["error"]


def test_a_series_of_another_study_is_not_reached_through_ones_own(
    home: OpenHome, client: TestClient, plain: Study
) -> None:
    other = kept(home, study(series("1.9.1"), uid="1.9"))
    [told] = document(client, other.id)["series"]
    answer = client.get(f"/api/studies/{plain.id}/series/{told['id']}/slices/0")
    assert answer.status_code == 404


def test_patient_pixels_are_never_stored_and_an_unchanged_slice_is_not_sent_again(
    client: TestClient, plain: Study
) -> None:
    [told] = document(client, plain.id)["series"]
    path = f"/api/studies/{plain.id}/series/{told['id']}/slices/1"
    first = client.get(path)
    assert "no-store" in first.headers["cache-control"]
    assert "private" in first.headers["cache-control"]
    again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    asked = ("", "?plane=axial", "?plane=coronal", "?format=jpeg", "?format=jpeg&window=400,40")
    tags = {client.get(path + more).headers["etag"] for more in asked}
    assert len(tags) == 5


def test_slices_are_compressed_for_who_is_far_away_and_stay_exact(
    home: OpenHome, data_folder: Path
) -> None:
    [one] = stored(home, data_folder / "ct_abdomen" / "dicom")
    far = TestClient(application(home), client=("10.1.2.3", 50000))
    near = TestClient(application(home), client=("127.0.0.1", 50000))
    [told] = document(far, one.id)["series"]
    path = f"/api/studies/{one.id}/series/{told['id']}/slices/5"
    with far.stream("GET", path) as answer:
        sent = b"".join(answer.iter_raw())
        assert answer.headers["content-encoding"] == "gzip"
    exact = near.get(path)
    assert "content-encoding" not in exact.headers
    assert len(sent) < 0.75 * len(exact.content)
    assert gzip.decompress(sent) == exact.content


def test_who_has_no_right_sees_nothing_and_the_try_is_recorded(
    home: OpenHome, plain: Study, client: TestClient
) -> None:
    [told] = document(client, plain.id)["series"]
    before = denials(home)
    nobody = TestClient(application(home, role="visitor"))
    for path in (
        f"/api/studies/{plain.id}/viewer",
        f"/api/studies/{plain.id}/series/{told['id']}/slices/0",
        f"/api/studies/{plain.id}/series/{told['id']}/padding/0",
        f"/api/studies/{plain.id}/series/{told['id']}/masks/r1?report=1",
        f"/api/studies/{plain.id}/series/{told['id']}/masks/r1/0?report=1",
    ):
        assert nobody.get(path).status_code == 403, path
    assert denials(home) == before + 5


def denials(home: OpenHome) -> int:
    """How many tries were refused and recorded."""
    with home.database.read() as session:
        return session.query(AuditRow).filter(AuditRow.outcome == "denied").count()


def test_opening_leaves_one_event_and_slices_none(
    home: OpenHome, plain: Study, client: TestClient
) -> None:
    def events() -> int:
        with home.database.read() as session:
            return session.query(AuditRow).filter(AuditRow.action == "read").count()

    before = events()
    [told] = document(client, plain.id)["series"]
    for k in range(6):
        client.get(f"/api/studies/{plain.id}/series/{told['id']}/slices/{k}")
    assert events() == before + 1
