"""The chain of audit events: how a row is hashed, and a walk that finds where it was broken.

The construction is that of a hash chain with a signed head (Schneier and Kelsey, "Secure audit
logs to support computer forensics", 1999): ``hash[n] = SHA-256(tag, hash[n - 1], row n)``. The rows
alone show every change that leaves later hashes as they were; what was re-hashed to its end, or cut
there, only the head outside the database shows.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from medmm.nouns.documents import canonical_bytes
from medmm.records.audit_tables import AuditRow

TAG = b"medmm.audit.1"
# What is hashed, in the table's order; the two hashes stand after them.
FIELDS = (
    "sequence", "time", "version", "actor", "role", "action", "thing", "outcome", "detail",
    "origin",
)  # fmt: skip
COLUMNS = tuple(getattr(AuditRow, name) for name in (*FIELDS, "previous", "hash"))
MOST_PROBLEMS = 20
# How far from its place a row is looked for that was moved; each number tried is one hash.
MOVED_AT_MOST = 500
ROWS_AT_ONCE = 1000


@dataclass(frozen=True)
class Link:
    """A place in the chain: the event's number from 1 and its hash in hex."""

    sequence: int
    hash: str


START = Link(0, "0" * 64)


def row_hash(previous: str, fields: Sequence[Any]) -> str:
    """The hash of a row in hex, given the hash before it and its `FIELDS` in order.

    Canonical JSON holds no line break, so the three parts cannot run into each other. A value that
    no row of medmm has (bytes, say) gives "", which is no hash.
    """
    try:
        row = canonical_bytes(dict(zip(FIELDS, fields, strict=True)))
        return hashlib.sha256(b"%b\n%b\n%b" % (TAG, previous.encode(), row)).hexdigest()
    except (AttributeError, TypeError, ValueError):
        return ""


def last_link(session: Session) -> Link:
    """The end of the chain as the database has it; `START` of an empty one."""
    newest = select(AuditRow.sequence, AuditRow.hash).order_by(AuditRow.sequence.desc()).limit(1)
    found = session.execute(newest).first()
    return START if found is None else Link(found.sequence, found.hash)


class Walk:
    """One pass over the rows after ``start``, in order, in constant memory.

    ``problems`` are sentences, the first broken place first; at most `MOST_PROBLEMS` and one more.
    ``at`` is the last row that was seen.
    """

    def __init__(self, start: Link = START, sealed: Link | None = None) -> None:
        self.at = start
        self.problems: list[str] = []
        self._sealed = sealed
        # After a broken row the next one may rest on either hash: one fault is told once.
        self._allowed = {start.hash}

    def run(self, session: Session) -> list[str]:
        """Go through all rows after the start; the problems."""
        if not self._read(session, ROWS_AT_ONCE) and not self._read(session, 1):
            self.problems.append(
                f"The audit event after {self.at.sequence} cannot be read: it was damaged."
            )
        elif len(self.problems) >= MOST_PROBLEMS:
            self.problems.append(
                f"The audit chain was not looked at after event {self.at.sequence}."
            )
        elif self._sealed and self.at.sequence < self._sealed.sequence:
            self.problems.append(
                f"The audit chain ends with event {self.at.sequence}, and event "
                f"{self._sealed.sequence} was sealed: its tail was cut, or an older copy of the "
                "database was put back."
            )
        return self.problems

    def _read(self, session: Session, size: int) -> bool:
        """Whether the rows could be read; ``size`` at a time, so that 1 finds the one that not."""
        try:
            for row in _rows(session, self.at, size):
                self._see(row)
                if len(self.problems) >= MOST_PROBLEMS:
                    break
        except DBAPIError:
            # SQLite gives what bytes a file holds, and text that is no UTF-8 fails while reading.
            if session.get_bind().dialect.name != "sqlite":
                raise
            return False
        return True

    def _see(self, row: Sequence[Any]) -> None:
        sequence, previous, stored = row[0], row[-2], row[-1]
        if not isinstance(sequence, int) or sequence <= self.at.sequence:
            self.problems.append(
                f"Audit event {sequence} is there twice, or was inserted where none was recorded."
            )
            return
        if sequence > self.at.sequence + 1:
            self.problems.append(_missing(self.at.sequence + 1, sequence - 1))
            # Nobody knows the hash of what is missing.
            self._allowed = {previous}
        own = row_hash(previous, row[:-2])
        if own and own == stored and previous in self._allowed:
            self._allowed = {stored}
        else:
            self.problems.append(self._fault(row, own))
            hashes = {stored, own, *(row_hash(link, row[:-2]) for link in self._allowed)}
            self._allowed = hashes - {""}
        self.at = Link(sequence, stored)
        if self._sealed and sequence == self._sealed.sequence and stored != self._sealed.hash:
            self.problems.append(
                f"Audit event {sequence} is not the one that was sealed: events up to it were "
                "hashed or written anew."
            )

    def _fault(self, row: Sequence[Any], own: str) -> str:
        sequence, fields, stored = row[0], row[:-2], row[-1]
        if own and own == stored:
            return (
                f"Audit event {sequence} does not follow event {sequence - 1}: one was inserted, "
                "removed or replaced there, or all from here on were hashed anew."
            )
        links = {*self._allowed, row[-2]}
        number = next((at for at in _near(sequence) if _is_at(at, fields, links, stored)), None)
        if number is None:
            return f"Audit event {sequence} was changed after it was recorded."
        return (
            f"Audit event {sequence} was recorded as event {number}: events were swapped, or "
            f"{'inserted' if number < sequence else 'removed'} before it."
        )


def _rows(session: Session, after: Link, size: int) -> Iterator[Sequence[Any]]:
    wanted = select(*COLUMNS).order_by(AuditRow.sequence)
    if after != START:
        wanted = wanted.where(AuditRow.sequence > after.sequence)
    yield from session.execute(wanted.execution_options(yield_per=size))


def _missing(first: int, last: int) -> str:
    which = f"Audit event {first} is" if first == last else f"Audit events {first} to {last} are"
    return f"{which} missing{' at the beginning' if first == 1 else ''}."


def _near(sequence: int) -> Iterator[int]:
    for distance in range(1, MOVED_AT_MOST + 1):
        yield sequence + distance
        if sequence - distance >= 1:
            yield sequence - distance


def _is_at(number: int, fields: Sequence[Any], links: set[str], stored: str) -> bool:
    return any(row_hash(link, (number, *fields[1:])) == stored for link in links)
