"""The head of the audit chain: a signed file outside the database that says how far it goes.

Ed25519 (RFC 8032) over canonical JSON. The private key lies in the home (``audit-key``), so the
head shows what was done to the database by someone who could not also read the home; against
someone who could, keep copies of the head elsewhere: each says for ever what the chain was up to
its event.
"""

import hashlib
import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from medmm.errors import HomeError
from medmm.home import Home, storage_error, sync_folder, write_whole
from medmm.nouns.documents import canonical_bytes
from medmm.records.audit_chain import Link

FORMAT = "medmm.audit.head.1"
LONGEST = 10_000


@dataclass(frozen=True)
class Head:
    """How far the chain was sealed, and who says so.

    ``time`` is ISO 8601 in UTC; ``key`` is the id of the key (128 bits of the SHA-256 of its public
    half, in hex), ``public`` that half and ``signature`` the signature over all others, in hex.
    """

    sequence: int
    hash: str
    time: str
    key: str
    public: str
    signature: str = ""
    format: str = FORMAT

    @property
    def link(self) -> Link:
        """The event that was sealed."""
        return Link(self.sequence, self.hash)

    def signed_bytes(self) -> bytes:
        """What the signature is over: all fields but itself, ``format`` being the domain tag."""
        fields = asdict(self)
        del fields["signature"]
        return canonical_bytes(fields)


def head_path(home: Home) -> Path:
    """Where the head is: the setting AUDIT_HEAD, else in the home."""
    return home.settings.audit_head or home.path / "audit-head"


def key_path(home: Home) -> Path:
    """Where the private key is."""
    return home.path / "audit-key"


def key_id(public: bytes) -> str:
    """The short name of a public key, for people to note where the head cannot be changed."""
    return hashlib.sha256(public).hexdigest()[:32]


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    """The 32 bytes of a key's public half."""
    return key.public_key().public_bytes_raw()


def sign(key: Ed25519PrivateKey, link: Link, time: str) -> Head:
    """The head for a place in the chain."""
    public = public_bytes(key)
    head = Head(link.sequence, link.hash, time, key_id(public), public.hex())
    return Head(**{**asdict(head), "signature": key.sign(head.signed_bytes()).hex()})


def parse_head(data: bytes, key: str = "") -> Head:
    """A head from its file, which may have been kept anywhere; ``key`` is the id it must be by.

    Raises:
        HomeError: it is damaged, or signed by another key.
    """
    try:
        head = _head(json.loads(data))
        public = bytes.fromhex(head.public)
        signature = bytes.fromhex(head.signature)
        Ed25519PublicKey.from_public_bytes(public).verify(signature, head.signed_bytes())
    except (InvalidSignature, TypeError, ValueError, RecursionError):
        raise HomeError(
            "The head of the audit chain is damaged: it is not what was signed.",
            "Look who could write it, and put a copy of it back.",
        ) from None
    if head.key != key_id(public) or (key and head.key != key):
        raise HomeError(
            f"The head of the audit chain is signed by another key ({head.key[:32]}).",
            "Look who could write it, and put a copy of it back.",
        )
    return head


def head_bytes(home: Home) -> bytes | None:
    """The head's file as it is, None where there is none.

    Raises:
        HomeError: it cannot be read.
    """
    return _read(head_path(home))


def read_head(home: Home, key: str = "") -> Head | None:
    """The home's head, None where there is none.

    Raises:
        HomeError: it cannot be read, is damaged, or is signed by another key.
    """
    data = head_bytes(home)
    return None if data is None else parse_head(data, key)


def write_head(home: Home, head: Head) -> None:
    """Put a head in the place of the one before, whole and durably.

    Raises:
        StorageError: the disk is full, read-only or failing.
    """
    path = head_path(home)
    write_whole(path, json.dumps(asdict(head), indent=1).encode() + b"\n")
    try:
        sync_folder(path.parent)
    except OSError as error:
        raise storage_error(error, path) from error


def read_key(home: Home) -> Ed25519PrivateKey | None:
    """The home's private key, None where there is none.

    Raises:
        HomeError: it cannot be read or is damaged.
    """
    data = _read(key_path(home))
    if data is None:
        return None
    try:
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(data.decode("ascii")))
    except ValueError:
        raise HomeError(
            f"{key_path(home)} is damaged.",
            "Put a copy of it back, or remove it and seal the chain anew.",
        ) from None


def write_key(home: Home, key: Ed25519PrivateKey) -> None:
    """Keep a new private key, never readable by others, not even for a moment.

    Raises:
        StorageError: the disk is full, read-only or failing.
    """
    path = key_path(home)
    part = None
    try:
        # mkstemp makes the file for this user alone (0600).
        descriptor, part = tempfile.mkstemp(prefix="audit-key.", suffix=".part", dir=path.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(key.private_bytes_raw().hex().encode())
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
        sync_folder(path.parent)
    except OSError as error:
        if part is not None:
            Path(part).unlink(missing_ok=True)
        raise storage_error(error, path) from error


def _head(fields: dict[str, Any]) -> Head:
    head = Head(**fields)
    kinds = [type(value) for value in asdict(head).values()]
    if kinds != [int, *[str] * 6] or head.format != FORMAT:
        raise ValueError(FORMAT)
    return head


def _read(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            return file.read(LONGEST)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise HomeError(
            f"{path} cannot be read: {error.strerror}.", "Give this user the right to read it."
        ) from error
