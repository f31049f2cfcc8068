"""Series from files that do not say what they show: the user says it, nothing is guessed."""

import hashlib
from pathlib import Path

from medmm.errors import InputError
from medmm.nouns import Content, Facts, Origin, Reason, Series, Verdict
from medmm.nouns.study import Kind


def given_facts(path: Path, facts: Facts) -> tuple[str, str]:
    """Modality and body part as given, in DICOM's upper case.

    Raises:
        InputError: one of them is not given (``code`` "missing-facts").
    """
    missing = [
        flag
        for flag, value in (("--modality", facts.modality), ("--body-part", facts.body_part))
        if not value
    ]
    if missing or not facts.modality or not facts.body_part:
        raise InputError(
            f"{path} does not say what it shows.",
            f"Give {' and '.join(missing)}, for example --modality CT --body-part CHEST.",
            code="missing-facts",
        )
    return facts.modality.upper(), facts.body_part.upper()


def derived_uid(digest: bytes, purpose: str) -> str:
    """A UID from a file's hash, under the root for UUIDs (PS3.5 B.2): same file, same UID."""
    number = hashlib.sha256(purpose.encode() + digest).digest()[:16]
    return f"2.25.{int.from_bytes(number, 'big')}"


def refused_series(
    path: Path,
    uid: str,
    origin: Origin,
    modality: str,
    body_part: str,
    kind: Kind,
    error: InputError,
) -> Series:
    """A series that says why it cannot be used."""

    def load() -> Content:
        raise error

    return Series(
        uid=uid,
        key=uid,
        modality=modality,
        body_part=body_part,
        kind=kind,
        verdict=Verdict("refused", (Reason(error.code, error.message, error.tag),)),
        origin=origin,
        load=load,
        files=(str(path.absolute()),),
    )
