"""Our image readers against the contract of the seam."""

from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image

from medmm import plugins
from medmm.nouns import Facts
from medmm.seams import ImageReader
from tests.contract.image_reader_suite import ImageReaderSuite


def test_every_registered_reader_is_tested_here() -> None:
    assert {plugin.name for plugin in plugins.found("medmm.image_readers")} == {
        "dicom",
        "nifti",
        "raster",
    }


class TestDicomReader(ImageReaderSuite):
    @pytest.fixture
    def reader(self) -> ImageReader:
        return plugins.load_one("medmm.image_readers", "dicom")

    @pytest.fixture
    def good(self, small_study: Path, tmp_path: Path) -> Path:
        folder = tmp_path / "good"
        folder.mkdir()
        path = folder / "slice.dcm"
        path.write_bytes(min(small_study.iterdir()).read_bytes())
        return path


class TestNiftiReader(ImageReaderSuite):
    facts = Facts(modality="CT", body_part="CHEST")

    @pytest.fixture
    def reader(self) -> ImageReader:
        return plugins.load_one("medmm.image_readers", "nifti")

    @pytest.fixture(params=[".nii", ".nii.gz"])
    def good(self, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
        values = np.random.default_rng(0).integers(-1000, 1000, (12, 14, 10), np.int16)
        affine = np.array([[0.8, 0.1, 0, -9], [-0.1, 0.9, 0, 4], [0, 0, 2.5, 7], [0, 0, 0, 1]])
        folder = tmp_path / "good"
        folder.mkdir()
        path = folder / f"volume{request.param}"
        nibabel.save(nibabel.Nifti1Image(values, affine), path)
        return path


class TestRasterReader(ImageReaderSuite):
    facts = Facts(modality="DX", body_part="CHEST")

    @pytest.fixture
    def reader(self) -> ImageReader:
        return plugins.load_one("medmm.image_readers", "raster")

    @pytest.fixture(params=["L.png", "RGB.png", "L.jpg"])
    def good(self, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
        mode, _, suffix = request.param.partition(".")
        shape = (40, 50, 3) if mode == "RGB" else (40, 50)
        values = np.random.default_rng(0).integers(0, 255, shape, np.uint8)
        folder = tmp_path / "good"
        folder.mkdir()
        path = folder / f"film.{suffix}"
        Image.fromarray(values).save(path)
        return path
