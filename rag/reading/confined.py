"""The wall around parsers: a document is read in a process that may crash, hang or swell.

The process gets the open file, nothing of this one's environment, and limits on memory, time and
files. Its answer is taken for what it is: bytes from a process that the document may have won over.
"""

import json
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

from medmm.errors import MissingError
from rag.reading.letters import cleaned
from rag.reading.limits import Limits
from rag.reading.opening import check
from rag.reading.refusals import RefusedError, known, refusal

Kind = Literal["html", "pdf", "word"]

WORKER: Final = Path(__file__).with_name("worker.py")
_TITLE_CHARACTERS: Final = 2_000
# A timer that ran out: of processor time, and of the worker's own clock.
_TIMERS: Final = (-signal.SIGXCPU, -signal.SIGALRM)
_KEPT: Final = ("PATH", "LD_LIBRARY_PATH", "TMPDIR", "SYSTEMROOT")


@dataclass(frozen=True, slots=True)
class Converted:
    """Clean Markdown, the title that the file states, and offsets at which pages begin."""

    text: str
    title: str
    pages: tuple[int, ...]


def convert(path: Path, kind: Kind, limits: Limits) -> Converted:
    """Read an untrusted file in a process of its own.

    Raises:
        InputError: the document is refused, or the process died or answered nonsense.
        LimitError: it took more memory, time, pages or characters than ``limits`` allows.
        MissingError: the process cannot be started, or a parser is not installed.
    """
    check(path, limits)
    try:
        return _sealed(_answer(path, kind, limits), limits)
    except RefusedError as refused:
        raise refusal(path, refused.code, refused.number) from refused


def _answer(path: Path, kind: Kind, limits: Limits) -> Any:
    process = _start(path, kind, limits)
    until = time.monotonic() + limits.wall_seconds
    try:
        data = _received(process, until, limits.answer_bytes)
        code = process.wait(max(until - time.monotonic(), 0.1))
    except subprocess.TimeoutExpired as error:
        raise RefusedError("time") from error
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
    if code in _TIMERS:
        raise RefusedError("time")
    if code != 0:
        raise RefusedError("died")
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise RefusedError("garbage") from error


def _start(path: Path, kind: Kind, limits: Limits) -> "subprocess.Popen[bytes]":
    # Isolated (-I): no environment, no user site, no folder of the caller. What this process
    # imports from is handed over, so that the worker finds the same packages.
    search = [entry for entry in sys.path if os.path.isabs(entry)]  # noqa: PTH117
    job = json.dumps({"kind": kind, "search": search, "limits": asdict(limits)})
    command = [sys.executable, "-I", "-B", "-X", "utf8", "-W", "ignore", str(WORKER), job]
    try:
        with path.open("rb") as source:
            return subprocess.Popen(
                command,
                stdin=source,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                process_group=0,
                env={name: os.environ[name] for name in _KEPT if name in os.environ},
            )
    except OSError as error:
        if not os.access(path, os.R_OK):
            raise refusal(path, "unreadable") from error
        raise _cannot_start(error.strerror or str(error)) from error


def _received(process: "subprocess.Popen[bytes]", until: float, most: int) -> bytes:
    """All that the process says, until it closes its end."""
    assert process.stdout is not None  # noqa: S101
    descriptor = process.stdout.fileno()
    parts = bytearray()
    while True:
        left = until - time.monotonic()
        if left <= 0 or not select.select([descriptor], [], [], left)[0]:
            raise RefusedError("time")
        part = os.read(descriptor, 1 << 16)
        if not part:
            return bytes(parts)
        parts += part
        if len(parts) > most:
            raise RefusedError("garbage")


def _sealed(answer: Any, limits: Limits) -> Converted:
    """The answer, after every claim in it was looked at."""
    if not isinstance(answer, dict):
        raise RefusedError("garbage")
    if "missing" in answer:
        raise _cannot_start(f"{str(answer['missing'])[:100]!r} is not installed")
    if "refused" in answer:
        code, number = answer["refused"], answer.get("number")
        if not isinstance(code, str) or not known(code) or not isinstance(number, int):
            raise RefusedError("garbage")
        raise RefusedError(code, number)
    text, title, pages = answer.get("text"), answer.get("title"), answer.get("pages")
    if not isinstance(text, str) or not isinstance(title, str) or not isinstance(pages, list):
        raise RefusedError("garbage")
    if not all(type(page) is int and 0 <= page <= len(text) for page in pages):
        raise RefusedError("garbage")
    if pages != sorted(pages) or len(pages) > limits.pages or len(title) > _TITLE_CHARACTERS:
        raise RefusedError("garbage")
    if len(text) > limits.characters or not text.strip() or cleaned(text) != text:
        raise RefusedError("garbage")
    return Converted(text, title, tuple(pages))


def _cannot_start(why: str) -> MissingError:
    return MissingError(
        f"The process that reads documents cannot be used ({why}).",
        "Install medmm with its dependencies; `medmm doctor` says what works.",
    )
