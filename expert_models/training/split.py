"""Splits by patient that anyone can make again: a hash of the patient's key decides."""

import hashlib


def share(key: str, salt: str) -> float:
    """A number in [0, 1) that depends on the patient's key and the salt alone."""
    digest = hashlib.sha256(f"{salt}:{key}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def part(key: str, salt: str, test: float, tune: float) -> str:
    """``test``, ``tune`` or ``train``: the shares ``test`` and ``tune`` of all patients."""
    place = share(key, salt)
    if place < test:
        return "test"
    return "tune" if place < test + tune else "train"


def folds(keys: set[str], salt: str, count: int) -> dict[str, int]:
    """Patients dealt into ``count`` folds of equal size, in the order of their hashes."""
    ordered = sorted(keys, key=lambda key: (share(key, salt), key))
    return {key: place % count for place, key in enumerate(ordered)}
