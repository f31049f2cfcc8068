"""What the audit chain says of an erased patient, and how `db check` believes it.

The event "erase" names the patient by number, the studies and reports that went (also numbers), how
much else did, and a hash over the signatures that went. Earlier events of signing name the same
signatures; only where the two agree were they erased, and not taken out behind the chain's back.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from sqlalchemy import select
from sqlalchemy.orm import Session

from medmm.nouns.documents import canonical_bytes
from medmm.records.audit import LONGEST
from medmm.records.audit_tables import AuditRow

ERASE = "erase"
DOMAIN = "medmm.erased.1"
Signed = Mapping[int, Sequence[str]]
"""For each signed report the hashes that its signatures and addenda bound."""


@dataclass(frozen=True)
class Erased:
    """What went with a patient, as numbers and counts.

    ``bytes`` are those of ``files``: kept files that no other row names.
    """

    patient: int
    studies: tuple[int, ...]
    series: int
    reports: tuple[int, ...]
    versions: int
    files: int
    bytes: int
    signed: Signed


@dataclass(frozen=True)
class Tombstone:
    """What one event says: the patient's number, ranges of reports, hash of their signatures."""

    patient: str
    reports: tuple[tuple[int, int], ...]
    hash: str

    def names(self, report: int) -> bool:
        """Whether the report went."""
        return any(first <= report <= last for first, last in self.reports)


def details(erased: Erased, code: str) -> list[dict[str, str | int]]:
    """The details of the event; of several, where the numbers do not fit into one.

    ``study`` and ``report`` say which as ranges ("3-5,9"), ``series``, ``version`` and ``count``
    (of files) how many, ``code`` is the reason, ``hash`` is over the signatures of these reports.
    """
    made: list[dict[str, str | int]] = []
    pieces = zip_longest(_pieces(erased.studies), _pieces(erased.reports), fillvalue="")
    for studies, reports in list(pieces) or [("", "")]:
        these = _parsed(reports)
        signed = {
            report: hashes
            for report, hashes in erased.signed.items()
            if any(first <= report <= last for first, last in these)
        }
        detail: dict[str, str | int] = {"code": code, "study": studies, "report": reports}
        made.append({**detail, "hash": signed_hash(signed)})
    made[0] |= {"series": erased.series, "version": erased.versions, "count": erased.files}
    return made


def tombstones(session: Session) -> Iterator[Tombstone]:
    """All that the chain has, oldest first."""
    wanted = select(AuditRow.thing, AuditRow.detail).where(
        AuditRow.action == ERASE, AuditRow.outcome == "ok", AuditRow.thing.startswith("patient:")
    )
    for thing, detail in session.execute(wanted.order_by(AuditRow.sequence)):
        try:
            said = json.loads(detail)
            yield Tombstone(thing, _parsed(said["report"]), said["hash"])
        except (AttributeError, KeyError, TypeError, ValueError):
            # A damaged event is for the chain's own check to tell.
            continue


def signed_hash(signed: Signed) -> str:
    """The hash over signatures in hex; reports without one do not count."""
    listed = {str(report): sorted(hashes) for report, hashes in signed.items() if hashes}
    return hashlib.sha256(canonical_bytes({"domain": DOMAIN, "signed": listed})).hexdigest()


def _pieces(numbers: Sequence[int]) -> Iterator[str]:
    """Numbers as ranges, in texts that an event keeps whole."""
    piece = ""
    for one in _ranges(numbers):
        if piece and len(piece) + 1 + len(one) > LONGEST:
            yield piece
            piece = ""
        piece = f"{piece},{one}" if piece else one
    if piece:
        yield piece


def _ranges(numbers: Sequence[int]) -> Iterator[str]:
    start = last = None
    for number in [*sorted(numbers), None]:
        if last is not None and number == last + 1:
            last = number
            continue
        if start is not None:
            yield str(start) if start == last else f"{start}-{last}"
        start = last = number


def _parsed(ranges: str) -> tuple[tuple[int, int], ...]:
    parts = [part.partition("-") for part in ranges.split(",") if part]
    return tuple((int(first), int(last or first)) for first, _, last in parts)
