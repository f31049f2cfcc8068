"""Addenda: what is added to a signed report later, signed by its author beside what was signed.

The signed text stays as it is (21 CFR 11.10(e): changes do not obscure what was recorded before).
Each addendum binds the signature before it, so that none can be taken out of the row unseen.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from medmm.database import Database
from medmm.errors import InputError
from medmm.home import Home
from medmm.nouns.characters import is_hidden
from medmm.nouns.draft import Addendum
from medmm.records.access import Actor
from medmm.records.audit import audited, record
from medmm.records.edit_files import (
    LONGEST,
    MOST_BYTES,
    MOST_LINES,
    UNREADABLE,
    decoded,
    refused,
)
from medmm.records.passwords import HASHER, Hasher
from medmm.records.signature_checks import ADDEND
from medmm.records.signatures import addendum, bound_hash
from medmm.records.signing import Attempt, meaning_given, must_still_be, now
from medmm.records.signing_tables import AddendumRow, SignatureRow
from medmm.records.status_changes import change_status, held_report
from medmm.records.statuses import move

MEANING = "I have written and approve this addendum"


def addend_report(
    database: Database,
    home: Home,
    report_id: int,
    text: str | bytes,
    *,
    user: str,
    password: str,
    origin: str,
    meaning: str = MEANING,
    hasher: Hasher = HASHER,
) -> Addendum:
    """Put a signed addendum beside a signed report, which makes it amended.

    Raises:
        AccessError: the name or password is wrong, too many were, or the person may not.
        NotFoundError: there is no such report.
        InputError: the report is not signed, or the text is empty, over-long or holds characters
            that cannot be seen.
        UsageError: the meaning cannot be shown.
        StorageError: the disk is full, read-only or failing.
    """
    attempt = Attempt(database, home, ADDEND, report_id, user, origin)
    with attempt.told():
        said = meaning_given(meaning)
        lines = addendum_text(text)
        actor = attempt.let_in("addend", password, hasher)
        with audited(database, home) as session:
            row = _row(session, report_id, actor)
            row.text, row.meaning = lines, said
            row.status = change_status(session, report_id, "amended", author=actor.name)
            row.bound_sha256 = bound_hash(row)
            session.add(row)
            record(
                session,
                attempt.event(
                    version=row.version,
                    before=row.former_sha256,
                    hash=row.bound_sha256,
                    status=row.status,
                    count=row.number,
                ),
            )
    return addendum(row)


def addendum_text(text: str | bytes) -> str:
    """The text of an addendum: lines without spaces at their ends, no empty ones around them.

    Raises:
        InputError: it is empty or over-long, is no UTF-8, or holds characters that cannot be seen.
    """
    if isinstance(text, bytes):
        text = decoded(text)
    rows = [row.removesuffix("\r").strip(" \t") for row in text.split("\n")]
    if len(text) > MOST_BYTES or len(rows) > MOST_LINES:
        raise InputError("The addendum is too long.", "Write a shorter one.", code="bad-edit")
    for number, row in enumerate(rows, start=1):
        _must_be_fit(number, row)
    if not any(rows):
        raise InputError("The addendum has no text.", "Write what is added.", code="bad-edit")
    return "\n".join(rows).strip("\n")


def _must_be_fit(number: int, row: str) -> None:
    if len(row) > LONGEST:
        raise refused(number, f"has {len(row)} characters, more than {LONGEST}", "Break it.")
    for character in row:
        if is_hidden(character) or character == UNREADABLE:
            raise refused(
                number,
                f"holds a character that cannot be seen or read (U+{ord(character):04X})",
                "Type the line again.",
            )


def _row(session: Session, report_id: int, actor: Actor) -> AddendumRow:
    """An addendum after the last one, if the report is signed now."""
    status = held_report(session, report_id).status
    must_still_be(session, actor)
    signed = session.scalar(
        select(SignatureRow)
        .where(SignatureRow.report_id == report_id)
        .order_by(SignatureRow.number.desc())
        .limit(1)
    )
    if signed is None:
        raise InputError(
            f"Report {report_id} is {status} and not signed, so nothing can be added to it.",
            "Edit it: `medmm reports edit ID FILE`.",
            code="status",
        )
    move(status, "amended")
    former = session.scalar(
        select(AddendumRow)
        .where(AddendumRow.report_id == report_id)
        .order_by(AddendumRow.number.desc())
        .limit(1)
    )
    return AddendumRow(
        report_id=report_id,
        number=former.number + 1 if former else 1,
        version=signed.version,
        author=actor.name,
        author_name=actor.name,
        role=actor.role,
        time=now(),
        former_sha256=former.bound_sha256 if former else signed.bound_sha256,
    )
