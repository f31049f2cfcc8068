"""Unique identifiers: proved where a file has them, derived from content where it has none."""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

_UID = re.compile(r"[0-9.]{1,64}")


def safe_uid(uid: str) -> str:
    """The UID itself if it is one (PS3.5 9.1), else one under 2.25 derived from its text."""
    if not uid or _UID.fullmatch(uid):
        return uid
    digest = hashlib.sha256(uid.encode("utf-8", "surrogateescape")).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"


def derived_uid(paths: Iterable[Path]) -> str:
    """A UID under 2.25 from the bytes of files, whatever their names and order (PS3.5 B.2)."""
    digests = []
    for path in paths:
        with path.open("rb") as file:
            digests.append(hashlib.file_digest(file, "sha256").digest())
    whole = hashlib.sha256(b"".join(sorted(digests))).digest()
    return f"2.25.{int.from_bytes(whole[:16], 'big')}"
