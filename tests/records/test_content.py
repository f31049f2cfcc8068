"""Content comes back from the home as the same noun, value for value and bit for bit."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from medmm import home as home_module
from medmm.errors import NotFoundError, StorageError
from medmm.home import Home
from medmm.nouns import Cine, Content, Document, Picture, Volume, Waveform
from medmm.records.content import keep_content, load_content

bounded = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
finite = st.floats(allow_nan=False, allow_infinity=False)
pair = st.none() | st.tuples(finite, finite)
dtypes = st.sampled_from(["<i2", ">i2", "u1", "<u2", "<i4", "<f4", "<f8", "?"])


def array(dimensions: int) -> st.SearchStrategy[Any]:
    shapes = arrays.array_shapes(min_dims=dimensions, max_dims=dimensions, max_side=5)
    return dtypes.flatmap(lambda dtype: arrays.arrays(dtype, shapes))


@st.composite
def volumes(draw: st.DrawFn) -> Volume:
    values = draw(array(draw(st.sampled_from([3, 4]))))
    affine = draw(arrays.arrays(np.float64, (4, 4), elements=finite))
    padding = draw(st.none() | arrays.arrays(np.bool_, values.shape))
    axes = "kij" if values.ndim == 3 else draw(st.sampled_from(["kijt", "kijc"]))
    return Volume(values, affine, draw(st.text(max_size=5)), axes, padding, draw(pair))


pictures = st.builds(
    Picture, array(2) | array(3), st.text(max_size=5), pair, pair, pair, st.booleans()
)
cines = st.builds(
    Cine, array(3) | array(4), st.none() | finite, pair, st.text(max_size=5), pair, st.booleans()
)
leads = st.lists(st.text(max_size=4), max_size=3).map(tuple)
waveforms = st.builds(Waveform, array(2), finite, leads, st.just("mV"))
anything = st.text(st.characters(), max_size=40)
documents = st.builds(Document, anything, anything, anything, st.lists(anything).map(tuple))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return home_module.prepare(tmp_path)


@given(content=volumes() | pictures | cines | waveforms | documents)
@bounded
def test_every_noun_comes_back_equal(home: Home, content: Content) -> None:
    kept = keep_content(home, content)
    loaded = load_content(home, kept.meta)
    assert type(loaded) is type(content)
    for name, value in vars(content).items():
        got = getattr(loaded, name)
        if isinstance(value, np.ndarray):
            assert (got.dtype, got.shape) == (value.dtype, value.shape)
            assert got.tobytes() == value.tobytes()
        else:
            assert got == value


def test_equal_content_is_one_file_whatever_its_memory_order(home: Home) -> None:
    values = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    first = keep_content(home, Volume(values, np.eye(4), "HU"))
    second = keep_content(home, Volume(np.asfortranarray(values), np.eye(4), "HU"))
    assert first == second
    assert [path.name for path in home.pixels.folder.iterdir()] == [first.files[0].name]


def test_a_loaded_array_is_mapped_and_cannot_be_written(home: Home) -> None:
    kept = keep_content(home, Picture(np.zeros((64, 64), np.uint8)))
    loaded = load_content(home, kept.meta)
    assert isinstance(loaded, Picture)
    assert isinstance(loaded.array.base, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        loaded.array[0, 0] = 1


def test_a_missing_file_is_told_with_its_path(home: Home) -> None:
    kept = keep_content(home, Picture(np.zeros((4, 4), np.uint8)))
    path = home.pixels.folder / kept.files[0].name
    path.unlink()
    with pytest.raises(NotFoundError, match=path.name):
        load_content(home, kept.meta)


def test_a_cut_file_is_told_as_damaged(home: Home) -> None:
    kept = keep_content(home, Picture(np.zeros((40, 40), np.uint8)))
    path = home.pixels.folder / kept.files[0].name
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(StorageError, match="damaged"):
        load_content(home, kept.meta)


def test_an_array_of_objects_is_refused(home: Home) -> None:
    with pytest.raises(ValueError, match="Python objects"):
        keep_content(home, Picture(np.array([[object()]], dtype=object)))


def test_a_geometry_that_is_not_finite_is_refused(home: Home) -> None:
    affine = np.eye(4)
    affine[0, 3] = np.nan
    with pytest.raises(ValueError, match="finite"):
        keep_content(home, Volume(np.zeros((2, 2, 2), np.int16), affine, "HU"))
