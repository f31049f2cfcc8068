"""The film that is made by code: sound DICOM, the same bytes, hung as films are."""

import subprocess
from pathlib import Path

import numpy as np
import pydicom
import pytest

from medmm.demo.film import Film, write_film

COARSE = {"shape": (100, 32, 100), "spacing_mm": (3.15, 12.0, 3.85)}


@pytest.fixture(scope="module")
def film() -> Film:
    return Film(seed=2, **COARSE)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(
    film: Film, tmp_path: Path
) -> None:
    files = []
    for name, made in (("a", film), ("b", Film(2, **COARSE)), ("c", Film(3, **COARSE))):
        write_film(tmp_path / name, film=made)
        files.append((tmp_path / name / "film.dcm").read_bytes())
    assert files[0] == files[1]
    assert files[0] != files[2]


def test_dciodvfy_finds_no_error(film: Film, tmp_path: Path, dcmtk: Path) -> None:
    write_film(tmp_path, film=film)
    done = subprocess.run(
        [dcmtk / "dciodvfy", tmp_path / "film.dcm"], capture_output=True, text=True, check=False
    )
    said = done.stdout + done.stderr
    assert "DXImageForPresentation" in said
    assert "Error" not in said, said


def test_the_film_faces_the_reader_head_up(film: Film, tmp_path: Path) -> None:
    write_film(tmp_path, film=film)
    image = pydicom.dcmread(tmp_path / "film.dcm")
    assert list(image.PatientOrientation) == ["L", "F"]
    # The heart's shadow lies to the patient's left, which is the film's right; bellies are low.
    line = film.attenuation
    middle = line.shape[1] // 2
    low = line[55:65]
    assert low[:, middle : middle + 20].sum() > low[:, middle - 20 : middle].sum()
    assert line[-15:].mean() > line[20:50].mean()


def test_the_true_shadow_of_a_lung_fits_its_volume(film: Film) -> None:
    areas = [film.shadow_mm2(side) for side in ("right", "left")]
    for area, side in zip(areas, ("right", "left"), strict=True):
        depth = film.phantom.lungs.volume_ml(side) * 1000 / area
        assert 50 < depth < 130  # mm of lung behind each pixel, on average
    assert 0.4 < areas[0] / sum(areas) < 0.6


def test_line_integrals_are_those_of_water_where_the_body_is(film: Film) -> None:
    # The thickest way through a trunk of 20 to 40 cm, with bone in it.
    assert 3.5 < float(np.quantile(film.attenuation, 0.995)) < 9.0
