"""What every image reader must do, ours and third parties': subclass and give one good file.

class TestMyReader(ImageReaderSuite):
    @pytest.fixture
    def reader(self): return MyReader()
    @pytest.fixture
    def good(self, tmp_path): return tmp_path / "one good file"
    facts = Facts(modality="CT", body_part="CHEST")
"""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from medmm.errors import InputError
from medmm.nouns import Facts, Picture, Series, Volume
from medmm.seams import ImageReader

GARBAGE = {
    "empty": b"",
    "one byte": b"\x00",
    "text": b"Dear colleague, please find enclosed the images.\n" * 40,
    "zeros": bytes(5000),
    "noise": bytes((17 * i * i + 3 * i) % 251 for i in range(5000)),
}


class ImageReaderSuite:
    """The cases; a subclass gives ``reader``, ``good`` and ``facts``."""

    facts = Facts()

    @pytest.fixture
    def reader(self) -> ImageReader:
        raise NotImplementedError

    @pytest.fixture
    def good(self, tmp_path: Path) -> Path:
        raise NotImplementedError

    def read(self, reader: ImageReader, path: Path) -> list[Series]:
        return list(reader.read(path, self.facts))

    def test_it_has_the_seams_methods(self, reader: ImageReader) -> None:
        assert isinstance(reader, ImageReader)

    def test_it_is_surest_of_its_own_format(self, reader: ImageReader, good: Path) -> None:
        assert 0.5 < reader.sniff(good) <= 1.0

    @pytest.mark.parametrize("name", GARBAGE)
    def test_it_is_not_sure_of_garbage_and_refuses_it_readably(
        self, reader: ImageReader, name: str, tmp_path: Path
    ) -> None:
        path = tmp_path / "garbage"
        path.write_bytes(GARBAGE[name])
        assert 0.0 <= reader.sniff(path) < 0.5
        with pytest.raises(InputError) as caught:
            self.read(reader, path)
        assert "garbage" in str(caught.value)
        assert caught.value.code

    @pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
    def test_a_file_that_is_cut_short_never_gives_usable_pixels(
        self, reader: ImageReader, good: Path, part: float, tmp_path: Path
    ) -> None:
        whole = good.read_bytes()
        path = tmp_path / f"cut{''.join(good.suffixes)}"
        path.write_bytes(whole[: int(len(whole) * part)])
        try:
            series = self.read(reader, path)
        except InputError:
            return
        for one in series:
            if one.usable:
                with pytest.raises(InputError):
                    _ = one.content

    def test_what_it_says_of_a_series_is_what_the_content_is(
        self, reader: ImageReader, good: Path
    ) -> None:
        series = self.read(reader, good)
        assert series
        for one in series:
            assert one.uid
            assert one.origin.study_uid
            assert one.verdict.status in ("usable", "repaired", "refused")
            assert all(Path(file).is_absolute() for file in one.files)
            if not one.usable:
                assert one.verdict.reasons
                continue
            content = one.content
            assert isinstance(content, Volume | Picture)
            assert content.array.shape == one.shape
            assert content.units == one.units
            if isinstance(content, Volume):
                np.testing.assert_allclose(content.affine_lps, one.affine_lps)
                np.testing.assert_allclose(content.spacing_mm, one.spacing_mm)
                assert np.isfinite(content.affine_lps).all()

    def test_reading_twice_gives_the_same(self, reader: ImageReader, good: Path) -> None:
        first, second = self.read(reader, good), self.read(reader, good)
        assert [(one.uid, one.key) for one in first] == [(one.uid, one.key) for one in second]
        for one, other in zip(first, second, strict=True):
            if one.usable:
                np.testing.assert_array_equal(one.content.array, other.content.array)

    def test_released_content_loads_again(self, reader: ImageReader, good: Path) -> None:
        [one, *_] = [series for series in self.read(reader, good) if series.usable]
        before = np.array(one.content.array)
        one.release()
        np.testing.assert_array_equal(one.content.array, before)

    def test_reading_changes_nothing_on_the_disk(self, reader: ImageReader, good: Path) -> None:
        def state() -> dict[str, str]:
            return {
                str(path): hashlib.sha256(path.read_bytes()).hexdigest()
                for path in good.parent.rglob("*")
                if path.is_file()
            }

        before = state()
        for one in self.read(reader, good):
            if one.usable:
                _ = one.content
        assert state() == before
