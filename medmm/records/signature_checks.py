"""Whether every signature still says what was signed: hashes, chain, status and audit trail.

21 CFR 11.70: signatures are linked to their records so that they cannot be excised, copied or
transferred to falsify a record by ordinary means.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from medmm.database import Database
from medmm.records.audit_tables import AuditRow
from medmm.records.erasing.tombstones import signed_hash, tombstones
from medmm.records.signatures import bound_hash
from medmm.records.signing_tables import AddendumRow, SignatureRow
from medmm.records.statuses import EDITABLE
from medmm.records.tables import ReportRow, StatusRow, VersionRow

SIGN, ADDEND = "sign", "addend"


@dataclass
class _Signed:
    """What there is of one report."""

    id: int
    status: str = ""
    signatures: list[SignatureRow] = field(default_factory=list)
    addenda: list[AddendumRow] = field(default_factory=list)
    audited: set[str] = field(default_factory=set)


def verify_signatures(database: Database) -> list[str]:
    """What is wrong with signatures and addenda, a sentence each; [] if nothing.

    Every bound hash is computed again from the rows and the document's bytes as they are stored.

    Raises:
        HomeError: the database cannot be used now.
    """
    with database.read() as session:
        found = _gathered(session)
        erased, problems = _erased(session, found)
        for key in sorted(set(found) - erased, key=str):
            problems += _problems(session, found[key])
    return problems


def verify_signatures_of(database: Database, report_id: int) -> list[str]:
    """As `verify_signatures`, of one report that is there.

    Raises:
        HomeError: the database cannot be used now.
    """
    with database.read() as session:
        signed = _gathered(session, report_id).get(report_id)
        return list(_problems(session, signed)) if signed else []


def _gathered(session: Session, only: int | None = None) -> dict[int, _Signed]:
    """Reports that are, or by any trace were, signed; or ``only`` one."""
    found: dict[int, _Signed] = {}

    def of(report_id: int) -> _Signed:
        return found.setdefault(report_id, _Signed(report_id))

    def kept(column: InstrumentedAttribute[int]) -> ColumnElement[bool]:
        return true() if only is None else column == only

    signatures = select(SignatureRow).where(kept(SignatureRow.report_id))
    for row in session.scalars(signatures.order_by(SignatureRow.number)):
        of(row.report_id).signatures.append(row)
    addenda = select(AddendumRow).where(kept(AddendumRow.report_id))
    for beside in session.scalars(addenda.order_by(AddendumRow.number)):
        of(beside.report_id).addenda.append(beside)
    for report_id, bound in _events(session, only):
        of(report_id).audited.add(bound)
    past = select(StatusRow.report_id).where(StatusRow.status.in_(("final", "amended")))
    for report_id in session.scalars(past.where(kept(StatusRow.report_id))):
        of(report_id)
    for report in session.scalars(select(ReportRow).where(kept(ReportRow.id))):
        if report.id in found or report.status not in EDITABLE | {"cancelled"}:
            of(report.id).status = report.status
    return found


def _events(session: Session, only: int | None) -> Iterator[tuple[int, str]]:
    """Report and hash of each signature that the audit chain recorded."""
    wanted = select(AuditRow.thing, AuditRow.detail).where(
        AuditRow.action.in_((SIGN, ADDEND)), AuditRow.outcome == "ok"
    )
    if only is not None:
        wanted = wanted.where(AuditRow.thing == f"report:{only}")
    for thing, detail in session.execute(wanted):
        try:
            yield int(thing.removeprefix("report:")), json.loads(detail)["hash"]
        except (AttributeError, KeyError, TypeError, ValueError):
            # A damaged event is for the chain's own check to tell.
            continue


def _erased(session: Session, found: dict[int, _Signed]) -> tuple[set[int], list[str]]:
    """Reports of which nothing is left because their patient was erased, and what is wrong there.

    Only where the erasing took just the signatures that the audit trail has is it believed.
    """
    erased: set[int] = set()
    problems = []
    for stone in tombstones(session):
        named = {key: signed for key, signed in found.items() if stone.names(key)}
        audited = {key: sorted(signed.audited) for key, signed in named.items()}
        if signed_hash(audited) == stone.hash:
            erased |= {key for key, signed in named.items() if _is_gone(session, signed)}
        else:
            problems.append(
                f"With {stone.patient} other signatures were erased than the audit trail has."
            )
    return erased, problems


def _is_gone(session: Session, signed: _Signed) -> bool:
    """Whether no row is left of a report."""
    rows = bool(signed.status or signed.signatures or signed.addenda)
    return not rows and session.get(ReportRow, signed.id) is None and not _steps(session, signed.id)


def _problems(session: Session, signed: _Signed) -> Iterator[str]:
    for row in signed.signatures:
        yield from _signature_problems(session, row)
    former = signed.signatures[-1].bound_sha256 if signed.signatures else ""
    for beside in signed.addenda:
        name = f"Addendum {beside.number} of report {beside.report_id}"
        if bound_hash(beside) != beside.bound_sha256:
            yield f"{name} is not what was signed: its hash is another."
        if beside.former_sha256 != former:
            yield f"{name} does not follow the signature before it: one was changed or removed."
        former = beside.bound_sha256
    yield from _trace_problems(session, signed)


def _signature_problems(session: Session, row: SignatureRow) -> Iterator[str]:
    name = f"Signature {row.number} of report {row.report_id}"
    if bound_hash(row) != row.bound_sha256:
        yield f"{name} is not what was signed: its hash is another."
    versions = session.scalars(
        select(VersionRow).where(VersionRow.report_id == row.report_id).order_by(VersionRow.number)
    ).all()
    documents = {version.number: version.document for version in versions}
    if row.version not in documents:
        yield f"{name} is of version {row.version}, which is not there."
    elif _sha256(documents[row.version]) != row.document_sha256:
        yield f"{name}: version {row.version} is not the text that was signed."
    if versions and versions[-1].number != row.version:
        yield f"{name} is of version {row.version}, and version {versions[-1].number} is there."


def _sha256(document: object) -> str:
    """The hash of a stored document's bytes."""
    return hashlib.sha256(str(document).encode("utf-8")).hexdigest()


def _trace_problems(session: Session, signed: _Signed) -> Iterator[str]:
    """Where status, changes of status, rows and audit trail do not tell the same story."""
    name = f"Report {signed.id}"
    due = "amended" if signed.addenda else "final" if signed.signatures else ""
    if due and signed.status != due:
        yield f"{name} is {signed.status or 'gone'}, and what was signed made it {due}."
    if not signed.signatures:
        yield f"{name} was signed, and the signature is missing."
    for status, rows in (("final", signed.signatures), ("amended", signed.addenda)):
        if _steps(session, signed.id, (status,)) != len(rows):
            yield f"{name} did not become {status} as often as it was signed so."
    there = {row.bound_sha256 for row in signed.signatures}
    there |= {row.bound_sha256 for row in signed.addenda}
    if there - signed.audited:
        yield f"{name} has a signature that the audit trail does not have."
    if signed.audited - there:
        yield f"{name} lacks a signature that the audit trail has."


def _steps(session: Session, report_id: int, statuses: Sequence[str] = ("final", "amended")) -> int:
    wanted = select(StatusRow.id).where(
        StatusRow.report_id == report_id, StatusRow.status.in_(statuses)
    )
    return len(session.scalars(wanted).all())
