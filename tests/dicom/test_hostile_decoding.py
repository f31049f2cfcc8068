"""Codecs may crash, hang or run out of memory: the frame is lost, the process is not."""

import os
import resource
import select
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medmm.dicom.frames import FrameReader
from medmm.dicom.hostile.budget import DEFAULT, Budget
from medmm.dicom.hostile.decoding import DecodePool, Job
from medmm.dicom.hostile.parsing import parse
from medmm.errors import InputError, PixelError
from tests.dicom import byte_files as made

J2K, JPEG_LS = "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.80"


def smooth(number: int, size: int = 64) -> np.ndarray:
    return (np.add.outer(np.arange(size), np.arange(size)) + number).astype(np.uint16)


def series(folder: Path, count: int, budget: Budget = DEFAULT) -> list[FrameReader]:
    """One JPEG-LS file per slice."""
    readers = []
    for number in range(count):
        stream = made.fragments(imagecodecs.jpegls_encode(smooth(number)))
        data = made.image(stream, rows=64, columns=64, syntax=JPEG_LS, encapsulated=True)
        path = made.written(folder, data, f"{number:03d}.dcm")
        readers.append(FrameReader(parse(path, budget)))
    return readers


def worker_of(pool: DecodePool) -> int:
    assert pool._worker is not None
    return pool._worker._process.pid


class Striking(FrameReader):
    """Frames during whose preparation the decoding process gets a signal."""

    pool: DecodePool
    blow: signal.Signals

    def job(self, frame: int) -> Job:
        os.kill(worker_of(self.pool), self.blow)
        return super().job(frame)


def striking(reader: FrameReader, pool: DecodePool, blow: signal.Signals) -> Striking:
    other = Striking(reader.parsed)
    other.pool, other.blow = pool, blow
    return other


def test_a_whole_series_is_decoded_into_its_volume(tmp_path: Path) -> None:
    readers = series(tmp_path, 20)
    volume = np.zeros((20, 64, 64), np.int16)
    with DecodePool(threads=2) as pool:
        assert pool.decode_frames([(one, 0) for one in readers], volume) == {}
    np.testing.assert_array_equal(volume, np.stack([smooth(number) for number in range(20)]))


def test_a_mix_of_frame_sizes_and_plain_frames_is_decoded(tmp_path: Path) -> None:
    readers = series(tmp_path, 3)
    for size in (256, 16, 512):
        stream = made.fragments(imagecodecs.jpegls_encode(smooth(size, size)))
        data = made.image(stream, rows=size, columns=size, syntax=JPEG_LS, encapsulated=True)
        readers.append(FrameReader(parse(made.written(tmp_path, data, f"{size}.dcm"))))
    readers.append(FrameReader(parse(made.written(tmp_path, made.image(made.ramp().tobytes())))))
    with DecodePool(threads=2) as pool:
        shapes = {
            decoded.index: decoded.values.shape
            for decoded in pool.decode_each([(one, 0) for one in readers])
            if decoded.values is not None
        }
    assert shapes == {index: one.shape for index, one in enumerate(readers)}


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGSEGV])
def test_when_the_process_dies_no_frame_is_lost_that_is_not_to_blame(
    tmp_path: Path, blow: signal.Signals
) -> None:
    readers = series(tmp_path, 12)
    volume = np.zeros((12, 64, 64), np.uint16)
    with DecodePool(threads=2) as pool:
        pool.decode_frames([(readers[0], 0)], volume)
        first = worker_of(pool)
        readers[5] = striking(readers[5], pool, blow)
        assert pool.decode_frames([(one, 0) for one in readers], volume) == {}
        assert worker_of(pool) != first
    np.testing.assert_array_equal(volume, np.stack([smooth(number) for number in range(12)]))


def test_when_the_process_hangs_it_is_replaced(tmp_path: Path) -> None:
    budget = Budget(frame_seconds=1.0)
    readers = series(tmp_path, 4, budget)
    volume = np.zeros((4, 64, 64), np.uint16)
    with DecodePool(budget, threads=2) as pool:
        pool.decode_frames([(readers[0], 0)], volume)
        readers[2] = striking(readers[2], pool, signal.SIGSTOP)
        assert pool.decode_frames([(one, 0) for one in readers], volume) == {}
    np.testing.assert_array_equal(volume, np.stack([smooth(number) for number in range(4)]))


def test_a_codec_slower_than_its_deadline_loses_its_frame_only(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 60000, (2048, 2048), dtype=np.uint16)
    stream = imagecodecs.jpeg2k_encode(noise, codecformat="j2k", reversible=True)
    data = made.image(made.fragments(stream), rows=2048, columns=2048, syntax=J2K,
                      encapsulated=True)  # fmt: skip
    hasty = Budget(frame_seconds=-2.0)  # what is left of the allowance for this size: 0.1 s
    path = made.written(tmp_path, data)
    with DecodePool(hasty, threads=1) as pool:
        with pytest.raises(PixelError, match="took more than") as caught:
            FrameReader(parse(path), pool).stored(0)
        assert caught.value.code == "decode"
        assert path.name in str(caught.value)


def test_a_broken_stream_loses_its_frame_only(tmp_path: Path) -> None:
    readers = series(tmp_path, 6)
    stream = bytearray(imagecodecs.jpegls_encode(smooth(0)))
    del stream[60:-2]
    data = made.image(made.fragments(bytes(stream)), rows=64, columns=64, syntax=JPEG_LS,
                      encapsulated=True)  # fmt: skip
    readers[3] = FrameReader(parse(made.written(tmp_path, data, "broken.dcm")))
    volume = np.zeros((6, 64, 64), np.uint16)
    with DecodePool(threads=2) as pool:
        failed = pool.decode_frames([(one, 0) for one in readers], volume)
    assert list(failed) == [3]
    assert "broken.dcm" in str(failed[3])
    for number in (0, 1, 2, 4, 5):
        np.testing.assert_array_equal(volume[number], smooth(number))


def bomb(folder: Path, size: int) -> Path:
    """A JPEG 2000 stream of a few hundred bytes that claims ``size`` x ``size`` pixels."""
    stream = bytearray(imagecodecs.jpeg2k_encode(smooth(0), codecformat="j2k", reversible=True))
    at = stream.index(b"\xff\x51") + 6
    struct.pack_into(">LL", stream, at, size, size)
    struct.pack_into(">LL", stream, at + 16, size, size)
    data = made.image(made.fragments(bytes(stream)), rows=size, columns=size, syntax=J2K,
                      encapsulated=True)  # fmt: skip
    return made.written(folder, data)


def test_a_codec_bomb_takes_no_memory_here(tmp_path: Path) -> None:
    small = Budget(worker_bytes=512 * 2**20)
    path = bomb(tmp_path, 20000)
    assert path.stat().st_size < 20000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with DecodePool(small, threads=1) as pool, pytest.raises(PixelError, match="decoded"):
        FrameReader(parse(path, small), pool).stored(0)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024


ENCODED = {
    J2K: lambda values: imagecodecs.jpeg2k_encode(values, codecformat="j2k", reversible=True),
    JPEG_LS: imagecodecs.jpegls_encode,
    "1.2.840.10008.1.2.4.70": partial(imagecodecs.jpeg8_encode, lossless=True, bitspersample=16),
    "1.2.840.10008.1.2.4.201": lambda values: imagecodecs.htj2k_encode(values, reversible=True),
}


@pytest.fixture(scope="module")
def warm() -> Iterator[DecodePool]:
    """One pool for all examples."""
    with DecodePool(threads=2) as pool:
        yield pool


@pytest.mark.parametrize("syntax", ENCODED)
@settings(max_examples=60, derandomize=True, deadline=None)
@given(changes=st.lists(st.tuples(st.integers(0, 2**13), st.integers(0, 255)), max_size=6),
       cut=st.integers(0, 900))  # fmt: skip
def test_changed_bytes_anywhere_are_decoded_or_refused(
    tmp_path_factory: pytest.TempPathFactory, warm: DecodePool, syntax: str,
    changes: list[tuple[int, int]], cut: int,
) -> None:  # fmt: skip
    stream = ENCODED[syntax](smooth(0, 32))
    data = bytearray(made.image(made.fragments(stream), rows=32, columns=32, syntax=syntax,
                                encapsulated=True))  # fmt: skip
    for place, value in changes:
        data[place % len(data)] = value
    path = tmp_path_factory.getbasetemp() / "mutated.dcm"
    path.write_bytes(data[: len(data) - cut] if cut < 300 else data)
    small = Budget(pixel_bytes=2**22)
    try:
        reader = FrameReader(parse(path, small), warm)
        frame = reader.stored(0)
    except InputError:
        return
    assert frame.shape == reader.shape
    assert frame.dtype == reader.dtype


def gone(pid: int, seconds: float = 30.0) -> bool:
    """Whether a process has ended, or ends within a time."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], seconds)[0])
    finally:
        os.close(descriptor)


def test_closing_the_pool_ends_its_process(tmp_path: Path) -> None:
    with DecodePool(threads=1) as pool:
        list(pool.decode_each([(series(tmp_path, 1)[0], 0)]))
        pid = worker_of(pool)
    assert gone(pid)


def test_leaving_the_frames_half_way_leaves_nothing_behind(tmp_path: Path) -> None:
    readers = series(tmp_path, 8)
    with DecodePool(threads=2) as pool:
        frames = pool.decode_each([(one, 0) for one in readers])
        next(frames)
        frames.close()
        volume = np.zeros((8, 64, 64), np.uint16)
        assert pool.decode_frames([(one, 0) for one in readers], volume) == {}
    np.testing.assert_array_equal(volume[7], smooth(7))


def test_the_process_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    series(tmp_path, 1)
    script = (
        "import sys, os, signal\n"
        "from pathlib import Path\n"
        "from medmm.dicom.frames import FrameReader\n"
        "from medmm.dicom.hostile.decoding import DecodePool\n"
        "from medmm.dicom.hostile.parsing import parse\n"
        "pool = DecodePool(threads=1)\n"
        "list(pool.decode_each([(FrameReader(parse(Path(sys.argv[1]))), 0)]))\n"
        "print(pool._worker._process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "000.dcm")], stdout=subprocess.PIPE,
        check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL
    assert gone(int(done.stdout))


def test_the_decoding_process_imports_nothing_of_medmm(tmp_path: Path) -> None:
    with DecodePool(threads=1) as pool:
        list(pool.decode_each([(series(tmp_path, 1)[0], 0)]))
        maps = Path(f"/proc/{worker_of(pool)}/maps").read_text()
    assert "imagecodecs" in maps
    assert "pydicom" not in maps


def test_every_hostile_file_is_read_or_refused_in_little_memory(data_folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.dicom.read_hostile", str(data_folder / "hostile")],
        capture_output=True, text=True, check=False, timeout=600,
        cwd=Path(__file__).resolve().parents[2],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    files, read, peak_kb = map(int, done.stdout.split())
    assert files > 450
    assert read > 200
    assert peak_kb < 1024 * 1024
