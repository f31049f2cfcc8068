"""Encryption of a backup with a passphrase, in the age format (https://age-encryption.org/v1).

A line ``medmm backup encrypted 1 SIZE SHA256``, then SIZE bytes of an age identity that the
passphrase opens (scrypt), then the backup itself for that identity (X25519, and ChaCha20-Poly1305
over pieces of 64 KiB, the last one marked, so that a piece that is changed, missing or swapped is
found). Both parts are plain age files, so a backup can be opened without medmm, too::

    tail -c +$((1 + LINE)) BACKUP | head -c SIZE > key.age
    tail -c +$((1 + LINE + SIZE)) BACKUP | age -d -i key.age | tar -x

where LINE is the length of the first line with its end. The hash in it is of the identity, so that
a wrong passphrase is told from a damaged file.
"""

import hashlib
import os
import re
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Any

from medmm.errors import InputError
from medmm.records.backup.format import PIECE, damaged

BEGIN = b"medmm backup encrypted "
VERSION = 1
_LINE = re.compile(rb"medmm backup encrypted ([0-9]{1,6}) ([0-9]{1,6}) ([0-9a-f]{64})\n")
_LONGEST_LINE = 200
_LARGEST_KEY = 10_000
# scrypt's cost as a power of 2, by which it takes 1 KiB each: 20 is what a machine of 2026 gives
# in a second. A file of a stranger must not take all memory.
_WORK = re.compile(rb"\n-> scrypt [A-Za-z0-9+/]{22} ([0-9]{1,2})\n")
_MOST_WORK = 22


def encrypt(parts: Iterable[bytes], target: IO[bytes], passphrase: str) -> None:
    """Write what comes in parts, encrypted, as it comes.

    Raises:
        InputError: the passphrase is empty.
        OSError: the target cannot be written.
    """
    import pyrage

    if not passphrase:
        raise InputError("The passphrase is empty.", "Give one of many words.", code="passphrase")
    identity = pyrage.x25519.Identity.generate()
    key = pyrage.passphrase.encrypt(str(identity).encode(), passphrase)
    target.write(BEGIN + f"{VERSION} {len(key)} {hashlib.sha256(key).hexdigest()}\n".encode())
    target.write(key)
    source, sink = _Pulled(parts), _Kept(target)
    try:
        pyrage.encrypt_io(source, sink, [identity.to_public()])
    except Exception:
        # The library tells what happened on either side only in words.
        for fault in (source.fault, sink.fault):
            if fault is not None:
                raise fault from None
        raise


@contextmanager
def decrypted(source: IO[bytes], passphrase: str, name: str) -> Iterator[IO[bytes]]:
    """What an encrypted backup holds, to be read on from its start; ``name`` is for messages.

    Raises:
        InputError: the passphrase is wrong, or the file is damaged or cut short; the latter on
            leaving, too, for what is read within is then cut short.
    """
    import pyrage

    key = _opened_key(source, passphrase, name)
    reading, writing = os.pipe()
    faults: list[Exception] = []

    def work() -> None:
        try:
            with os.fdopen(writing, "wb", PIECE) as sink:
                pyrage.decrypt_io(source, sink, [pyrage.x25519.Identity.from_str(key)])
        except Exception as error:  # noqa: BLE001 - told by the one who waits for it
            faults.append(error)

    worker = threading.Thread(target=work, name="decrypting")
    worker.start()
    broken = damaged(name, "a piece of it is not what was encrypted, or its end is missing")
    try:
        with os.fdopen(reading, "rb", PIECE) as plain:
            yield plain
    except InputError:
        worker.join()
        # What could not be decrypted comes before what follows from it, unless we left early.
        if any(_tells_damage(fault) for fault in faults):
            raise broken from None
        raise
    finally:
        worker.join()
    if faults:
        raise broken


def _tells_damage(fault: Exception) -> bool:
    return "Broken pipe" not in str(fault)


def _opened_key(source: IO[bytes], passphrase: str, name: str) -> str:
    import pyrage

    found = _LINE.fullmatch(source.readline(_LONGEST_LINE))
    if found is None:
        raise damaged(name, "its first line is not that of an encrypted backup")
    if int(found[1]) != VERSION:
        raise InputError(
            f"{name} is encrypted in form {int(found[1])}, and this medmm reads {VERSION}.",
            "Restore it with the version of medmm that made it.",
            code="format",
        )
    key = source.read(min(int(found[2]), _LARGEST_KEY))
    if len(key) != int(found[2]) or hashlib.sha256(key).hexdigest() != found[3].decode():
        raise damaged(name, "the key at its beginning is not what was written")
    work = _WORK.search(key)
    if work is None or int(work[1]) > _MOST_WORK:
        raise damaged(name, "its key is not locked by a passphrase as medmm locks it")
    try:
        return bytes(pyrage.passphrase.decrypt(key, passphrase)).decode("ascii")
    except (pyrage.DecryptError, UnicodeDecodeError):
        raise InputError(
            f"The passphrase does not open {name}.",
            "Give the one that it was made with; nothing was changed.",
            code="passphrase",
        ) from None


class _Pulled:
    """Parts as a file to read from."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = iter(parts)
        self._left = memoryview(b"")
        self.fault: BaseException | None = None

    def read(self, size: int = PIECE) -> bytes:
        try:
            while not self._left:
                self._left = memoryview(next(self._parts))
        except StopIteration:
            return b""
        except BaseException as fault:
            self.fault = fault
            raise
        piece, self._left = self._left[:size], self._left[size:]
        return bytes(piece)


class _Kept:
    """A file to write to that remembers why it could not be written."""

    def __init__(self, target: IO[bytes]) -> None:
        self._target = target
        self.fault: BaseException | None = None

    def write(self, data: Any) -> int:
        try:
            return self._target.write(data)
        except BaseException as fault:
            self.fault = fault
            raise

    def flush(self) -> None:
        self._target.flush()
