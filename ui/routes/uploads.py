"""Files uploaded from the worklist: streamed to the disk as they come, then a job takes them in.

Nothing is held in memory and nothing keeps the name that its sender gave it. Who may not take
studies in is refused before the first byte is read.
"""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO

import anyio.to_thread
from fastapi import APIRouter, Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse

from medmm.assembly import starting
from medmm.assembly.acting import allowed
from medmm.assembly.upload_folders import UPLOAD_BYTES, UPLOAD_FILES, filling, kept_name
from medmm.errors import HomeError, InputError, LimitError, StorageError
from medmm.home import storage_error
from ui.visits import home_of

PATH = "/api/uploads"
LIMITS = {PATH: UPLOAD_BYTES}
"""Bytes that a body of this path may have."""
SECONDS = {PATH: 3600.0}
"""How long it may take to come."""
AT_ONCE = 4
"""Uploads at a time, so that they cannot fill the disk or the threads."""

router = APIRouter()


@dataclass
class Receiver:
    """Files of a multipart body, put into a folder while it comes; other fields are left out."""

    folder: Path
    files: int = 0
    size: int = 0
    ended: bool = False
    _name: bytearray = field(default_factory=bytearray)
    _value: bytearray = field(default_factory=bytearray)
    _disposition: bytes = b""
    _file: IO[bytes] | None = None

    def parser(self, boundary: bytes) -> MultipartParser:
        """What is fed with the body."""
        return MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._field,
                "on_header_value": self._add_value,
                "on_header_end": self._header,
                "on_headers_finished": self._open,
                "on_part_data": self._data,
                "on_part_end": self.close,
                "on_end": self._end,
            },
        )

    def close(self) -> None:
        """Close the file that is being written."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _begin(self) -> None:
        self._disposition = b""

    def _field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header(self) -> None:
        if bytes(self._name).lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._name.clear()
        self._value.clear()

    def _open(self) -> None:
        _, options = parse_options_header(self._disposition)
        given = options.get(b"filename")
        if given is None:
            return
        if self.files >= UPLOAD_FILES:
            raise LimitError(
                f"The upload has more than {UPLOAD_FILES:,} files.", "Put them into one zip."
            )
        self.files += 1
        path = self.folder / kept_name(self.files, given.decode("utf-8", "replace"))
        self._file = path.open("xb")

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._file is not None:
            self._file.write(data[start:end])
            self.size += end - start

    def _end(self) -> None:
        self.ended = True


@dataclass
class _Places:
    """How many upload now."""

    taken: int = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        if self.taken >= AT_ONCE:
            raise HomeError("Several people are uploading now.", "Upload again in a little while.")
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1


places = _Places()


@router.post(PATH)
async def upload(request: Request) -> JSONResponse:
    """Take files in: 202 with the job that reads them."""
    opened = home_of(request)
    in_thread = anyio.to_thread.run_sync
    await in_thread(allowed, opened, "ingest")
    boundary = _boundary(request)
    with places.one(), ExitStack() as stack:
        folder = await in_thread(stack.enter_context, filling(opened.home))
        _refuse_full(folder, request)
        receiver = Receiver(folder)
        await _received(request, receiver, boundary)
        if not receiver.files or not receiver.size:
            raise InputError("Nothing was uploaded.", "Choose files, a folder or a zip.")
        job = await in_thread(partial(starting.start_upload, opened, folder, receiver.files))
    return JSONResponse(job, 202)


async def _received(request: Request, receiver: Receiver, boundary: bytes) -> None:
    parser = receiver.parser(boundary)
    try:
        async for chunk in request.stream():
            await anyio.to_thread.run_sync(_fed, parser, chunk, receiver.folder)
    except ClientDisconnect:
        raise HTTPException(400, "The upload ended too early.") from None
    finally:
        receiver.close()
    if not receiver.ended:
        raise InputError("The upload ended too early.", "Upload it again.", code="cut")


def _fed(parser: MultipartParser, chunk: bytes, folder: Path) -> None:
    try:
        parser.write(chunk)
    except FormParserError:
        raise InputError("The upload is no form with files.", "Upload it again.") from None
    except StorageError:
        raise
    except OSError as error:
        raise storage_error(error, folder) from error


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not boundary or len(boundary) > 200:
        raise InputError("The upload is no form with files.", "Upload it from the worklist.")
    return boundary


def _refuse_full(folder: Path, request: Request) -> None:
    """Refuse what the disk surely cannot hold, before it is filled for everybody."""
    declared = request.headers.get("content-length", "0")
    size = int(declared) if declared.isdecimal() else UPLOAD_BYTES
    if size * 2 > shutil.disk_usage(folder).free:
        raise StorageError("There is no space left for this upload.", "Ask an admin.")
