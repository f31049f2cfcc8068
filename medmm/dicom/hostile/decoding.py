"""Codecs behind a wall: frames are decoded in a process that may crash, hang or run out of memory.

The process starts with the first compressed frame, stays warm until the pool is closed, and decodes
several frames at once on threads (imagecodecs releases the interpreter lock). When it dies, the
frames it had are tried one by one in a new one, so that only the guilty frame is lost.
"""

import contextlib
import json
import mmap
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from medmm.dicom.hostile import worker as worker_module
from medmm.dicom.hostile.budget import DEFAULT, MIB, Budget
from medmm.errors import MissingError, PixelError

Array = NDArray[Any]

_START_SECONDS: Final = 120.0
_BYTES_PER_SECOND: Final = 4e6
"""The slowest that a codec may decode a large frame on a busy machine."""
_PAGE: Final = mmap.PAGESIZE


@dataclass(frozen=True, slots=True)
class Job:
    """One compressed frame and what must come out of it."""

    data: bytes
    codec: str
    shape: tuple[int, ...]
    dtype: str
    colours: tuple[str | None, str | None] = (None, None)
    stream: Any = None
    """What the frame's own header says, kept for whoever finishes it."""

    @property
    def size(self) -> int:
        """Bytes that come out."""
        return int(np.prod(self.shape)) * np.dtype(self.dtype).itemsize


class CompressedFrames(Protocol):
    """What the pool needs of a `medmm.dicom.frames.FrameReader`."""

    @property
    def path(self) -> Path:
        """The file, to be named in errors."""
        ...

    @property
    def compressed(self) -> bool:
        """Whether frames need a codec."""
        ...

    def job(self, frame: int) -> Job:
        """The frame's bytes, proved to be what the header says."""
        ...

    def finish(self, job: Job, decoded: Array) -> Array:
        """Stored values or RGB from what the codec gave; may change it in place."""
        ...

    def stored(self, frame: int) -> Array:
        """The frame without a codec."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """What became of the frame at ``index`` of the request: values, or why there are none."""

    index: int
    values: Array | None
    error: PixelError | None = None


class WorkerDiedError(Exception):
    """The worker crashed or did not answer in time."""


class DecodePool:
    """A warm decoding process; use it as a context manager around one read."""

    def __init__(self, budget: Budget = DEFAULT, threads: int | None = None) -> None:
        self._budget = budget
        self._threads = threads or min(len(os.sched_getaffinity(0)), 8)
        self._worker: _Worker | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process, if there is one."""
        if self._worker is not None:
            self._worker.stop()
            self._worker = None

    def decode_frames(
        self, frames: Sequence[tuple[CompressedFrames, int]], out: Array
    ) -> dict[int, PixelError]:
        """Decode ``frames[i]`` into ``out[i]``; returns what failed, by index.

        Rows of ``out`` whose frame failed are left as they were. Values must fit ``out``'s type,
        which the caller chooses by `PixelLayout.fits`.

        Raises:
            MissingError: the decoding process cannot be started at all.
        """
        failed: dict[int, PixelError] = {}
        for decoded in self.decode_each(frames):
            if decoded.values is None:
                failed[decoded.index] = decoded.error or PixelError("The frame was not decoded.")
            elif decoded.values.shape != out.shape[1:]:
                failed[decoded.index] = _misfit(frames[decoded.index][0].path)
            else:
                out[decoded.index] = decoded.values
        return failed

    def decode_each(self, frames: Iterable[tuple[CompressedFrames, int]]) -> Iterator[Decoded]:
        """Frames as they come, in any order; values are valid until the next one is asked for.

        Raises:
            MissingError: the decoding process cannot be started at all.
        """
        waiting: dict[int, _Task] = {}
        try:
            for index, (reader, frame) in enumerate(frames):
                try:
                    if not reader.compressed:
                        yield Decoded(index, reader.stored(frame))
                        continue
                    task = _Task(index, reader, frame, reader.job(frame))
                except PixelError as error:
                    yield Decoded(index, None, error)
                    continue
                while waiting and not self._ready().has_room(task.job):
                    yield from self._collect(waiting)
                self._send(task, waiting)
            while waiting:
                yield from self._collect(waiting)
        finally:
            if waiting:
                self.close()

    def _ready(self) -> "_Worker":
        if self._worker is None:
            self._worker = _Worker(self._budget, self._threads)
        return self._worker

    def _send(self, task: "_Task", waiting: dict[int, "_Task"]) -> None:
        waiting[task.index] = task
        with contextlib.suppress(WorkerDiedError):  # found out when its answer is collected
            self._ready().send(task.index, task.job)

    def _collect(self, waiting: dict[int, "_Task"]) -> Iterator[Decoded]:
        """One answer; or, if the worker died, all that it had, tried again one by one."""
        worker = self._ready()
        try:
            patience = max(_seconds(task.job, self._budget) for task in waiting.values())
            answer = worker.receive(patience)
        except WorkerDiedError:
            self.close()
            again = [waiting.pop(index) for index in sorted(waiting)]
            for task in again:
                yield from self._alone(task)
            return
        yield from self._finished(worker, waiting.pop(answer.id), answer)

    def _alone(self, task: "_Task") -> Iterator[Decoded]:
        worker = self._ready()
        try:
            worker.send(task.index, task.job)
            answer = worker.receive(_seconds(task.job, self._budget))
        except WorkerDiedError as error:
            self.close()
            yield Decoded(task.index, None, _lost(task, str(error)))
            return
        yield from self._finished(worker, task, answer)

    def _finished(self, worker: "_Worker", task: "_Task", answer: "_Answer") -> Iterator[Decoded]:
        """What the answer means; its memory is free again once the consumer goes on."""
        try:
            if answer.error is not None:
                yield Decoded(task.index, None, _lost(task, answer.error))
                return
            try:
                raw = worker.pixels(task.index, task.job)
                decoded = Decoded(task.index, task.reader.finish(task.job, raw))
            except PixelError as error:
                decoded = Decoded(task.index, None, error)
            yield decoded
        finally:
            worker.release(task.index)


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    index: int
    reader: CompressedFrames
    frame: int
    job: Job


@dataclass(frozen=True, slots=True)
class _Answer:
    id: int
    error: str | None


class _Worker:
    """One process, its pipes and the memory shared with it, cut into equal slots."""

    def __init__(self, budget: Budget, threads: int) -> None:
        self._budget = budget
        self._slots = 2 * threads
        self._free = list(range(self._slots))
        self._used: dict[int, int] = {}
        self._input = 0
        self._output = 0
        self._memory = mmap.mmap(-1, _PAGE)
        self._buffer = b""
        self._file = _shared_file()
        self._process = _start(self._file.fileno(), threads)
        ready = self._line(_START_SECONDS)
        if not ready.get("ready"):
            self.stop()
            raise _cannot_start(str(ready.get("error")))

    def has_room(self, job: Job) -> bool:
        """Whether the job can be sent before another answer is taken."""
        fits = len(job.data) <= self._input and job.size <= self._output
        return bool(self._free) if fits else not self._used

    def send(self, number: int, job: Job) -> None:
        """Hand a job over; there must be room."""
        if len(job.data) > self._input or job.size > self._output:
            self._resize(job)
        slot = self._free.pop()
        self._used[number] = slot
        first, offset = self._places(slot)
        self._memory[first : first + len(job.data)] = job.data
        self._write(
            {
                "id": number,
                "codec": job.codec,
                "input": [first, len(job.data)],
                "output": [offset, job.size],
                "shape": job.shape,
                "dtype": job.dtype,
                "colours": job.colours,
            }
        )

    def receive(self, seconds: float) -> _Answer:
        """The next answer."""
        message = self._line(seconds)
        return _Answer(int(message["id"]), message.get("error"))

    def pixels(self, number: int, job: Job) -> Array:
        """What a job gave, in the shared memory itself."""
        offset = self._places(self._used[number])[1]
        flat = np.frombuffer(self._memory, job.dtype, int(np.prod(job.shape)), offset)
        pixels: Array = flat.reshape(job.shape)
        return pixels

    def release(self, number: int) -> None:
        """Give a job's memory free for the next."""
        self._free.append(self._used.pop(number))

    def stop(self) -> None:
        """End the process at once."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._file.close()

    def _places(self, slot: int) -> tuple[int, int]:
        first = slot * (self._input + self._output)
        return first, first + self._input

    def _resize(self, job: Job) -> None:
        """Make every slot large enough for this job and half as much again of input."""
        self._input = max(self._input, _paged(len(job.data) * 3 // 2))
        self._output = max(self._output, _paged(job.size))
        size = (self._input + self._output) * self._slots
        os.ftruncate(self._file.fileno(), size)
        self._memory = mmap.mmap(self._file.fileno(), size)
        allowance = 256 * MIB + 16 * self._slots * (self._input + self._output)
        self._write({"map": size, "allowance": min(allowance, self._budget.worker_bytes)})

    def _write(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None  # noqa: S101
        try:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            raise WorkerDiedError("the codec crashed") from error

    def _line(self, seconds: float) -> dict[str, Any]:
        assert self._process.stdout is not None  # noqa: S101
        descriptor = self._process.stdout.fileno()
        until = time.monotonic() + seconds
        while b"\n" not in self._buffer:
            left = until - time.monotonic()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                raise WorkerDiedError(f"the codec took more than {seconds:.0f} s")
            part = os.read(descriptor, 65536)
            if not part:
                raise WorkerDiedError("the codec crashed")
            self._buffer += part
        line, self._buffer = self._buffer.split(b"\n", 1)
        message: dict[str, Any] = json.loads(line)
        return message


def _start(descriptor: int, threads: int) -> "subprocess.Popen[bytes]":
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "OPENBLAS_NUM_THREADS": "1",
    }
    command = [sys.executable, "-P", worker_module.__file__, str(descriptor), str(threads)]
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=(descriptor,),
            process_group=0,
            env=environment,
        )
    except OSError as error:
        raise _cannot_start(error.strerror or str(error)) from error


def _shared_file() -> Any:
    """A file without a name: in memory where the system can, else in the temporary folder."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("medmm-frames", os.MFD_CLOEXEC), "r+b", buffering=0)
    return tempfile.TemporaryFile(buffering=0)


def _paged(size: int) -> int:
    return -(-max(size, 1) // _PAGE) * _PAGE


def _seconds(job: Job, budget: Budget) -> float:
    return budget.frame_seconds + job.size / _BYTES_PER_SECOND


def _lost(task: _Task, why: str) -> PixelError:
    return PixelError(
        f"Frame {task.frame + 1} of {task.reader.path} cannot be decoded ({why}).",
        "Ask for it to be sent again, without compression if it fails again.",
        code="decode",
        tag="PixelData",
    )


def _misfit(path: Path) -> PixelError:
    return PixelError(
        f"{path} has frames of another size than the others.",
        code="frame-size",
        tag="Rows",
    )


def _cannot_start(why: str) -> MissingError:
    return MissingError(
        f"The process that decodes compressed images cannot be started ({why}).",
        "Install imagecodecs; `medmm doctor` says what works.",
    )
