"""Signatures and addenda as they are kept: what they bind, read back, and verified.

A signature is the SHA-256 of canonical JSON over everything it says: the exact bytes of the signed
document (by their hash), who, in which role, when, what it means, and what was confirmed. So it
cannot be moved to another text or changed afterwards unseen (21 CFR 11.50(a), 11.70). Each is in
the audit chain, too, whose head is signed outside the database: who writes new rows with new hashes
is told there.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from medmm.database import Database
from medmm.nouns.documents import canonical_bytes
from medmm.nouns.draft import Addendum, Signature
from medmm.records.signing_tables import AddendumRow, SignatureRow

# Domain tags: no hash of one kind of content is ever that of another.
SIGNATURE = "medmm.signature.1"
ADDENDUM = "medmm.addendum.1"
_BOUND = (
    "report_id", "number", "version", "document_sha256", "signer", "signer_name", "role",
    "meaning", "time", "confirmed", "status",
)  # fmt: skip
_BOUND_ADDENDUM = (
    "report_id", "number", "version", "text", "author", "author_name", "role", "meaning", "time",
    "status", "former_sha256",
)  # fmt: skip


def bound_content(row: SignatureRow | AddendumRow) -> dict[str, Any]:
    """All that a signature, or an addendum's, stands for; its hash is what is kept."""
    signs = isinstance(row, SignatureRow)
    names = _BOUND if signs else _BOUND_ADDENDUM
    domain = SIGNATURE if signs else ADDENDUM
    return {"domain": domain, **{name: getattr(row, name) for name in names}}


def bound_hash(row: SignatureRow | AddendumRow) -> str:
    """SHA-256 of the bound content in hex; "" for values that medmm never writes (bytes, say)."""
    try:
        return hashlib.sha256(canonical_bytes(bound_content(row))).hexdigest()
    except (TypeError, ValueError):
        return ""


def signatures_of(database: Database, report_id: int) -> tuple[Signature, ...]:
    """A report's signatures, oldest first."""
    with database.read() as session:
        return read_signatures(session, report_id)


def addenda_of(database: Database, report_id: int) -> tuple[Addendum, ...]:
    """A report's addenda, oldest first."""
    with database.read() as session:
        return read_addenda(session, report_id)


def read_signatures(session: Session, report_id: int) -> tuple[Signature, ...]:
    """`signatures_of` in the caller's session."""
    wanted = select(SignatureRow).where(SignatureRow.report_id == report_id)
    rows = session.scalars(wanted.order_by(SignatureRow.number))
    return tuple(signature(row) for row in rows)


def read_addenda(session: Session, report_id: int) -> tuple[Addendum, ...]:
    """`addenda_of` in the caller's session."""
    wanted = select(AddendumRow).where(AddendumRow.report_id == report_id)
    return tuple(addendum(row) for row in session.scalars(wanted.order_by(AddendumRow.number)))


def signature(row: SignatureRow) -> Signature:
    """A row as the noun."""
    return Signature(
        report_id=row.report_id,
        number=row.number,
        version=row.version,
        document_sha256=row.document_sha256,
        signer=row.signer,
        signer_name=row.signer_name,
        role=row.role,
        meaning=row.meaning,
        time=row.time,
        confirmed=_confirmed(row.confirmed),
        status=row.status,  # type: ignore[arg-type]  # written from the noun's own literal
        bound_sha256=row.bound_sha256,
    )


def addendum(row: AddendumRow) -> Addendum:
    """A row as the noun."""
    return Addendum(
        report_id=row.report_id,
        number=row.number,
        version=row.version,
        text=row.text,
        author=row.author,
        author_name=row.author_name,
        role=row.role,
        meaning=row.meaning,
        time=row.time,
        status=row.status,  # type: ignore[arg-type]  # written from the noun's own literal
        former_sha256=row.former_sha256,
        bound_sha256=row.bound_sha256,
    )


def _confirmed(text: str) -> Mapping[str, str]:
    try:
        found = json.loads(text)
    except (TypeError, ValueError):
        found = None
    # A damaged row is shown as it is; that it is damaged is for `verify_signatures` to say.
    return found if isinstance(found, dict) else {"?": str(text)}
