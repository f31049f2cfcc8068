"""What the tests of the audit chain do with a home: record, and look what is there."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select

from medmm.records.audit import Event, audited, record
from medmm.records.audit_tables import AuditRow
from medmm.records.tables import PatientRow
from tests.records.conftest import Opened

SIGNED = Event("ada", "signer", "sign", "report:3", detail={"version": 2}, origin="::1")


def put(opened: Opened, event: Event = SIGNED) -> int:
    with audited(opened.database, opened.home) as session:
        return record(session, event)


def rows(opened: Opened) -> list[dict[str, Any]]:
    columns = AuditRow.__table__.columns
    with opened.database.read() as session:
        found = session.execute(select(*columns).order_by(AuditRow.sequence))
        return [dict(row) for row in found.mappings()]


def patient(name: str = "DOE^JANE") -> PatientRow:
    return PatientRow(
        patient_id="1", issuer="", name=name, sex="", birth_date="", created=datetime.now(UTC)
    )


def counts(opened: Opened) -> tuple[int, int]:
    with opened.database.read() as session:
        patients = session.scalar(select(func.count()).select_from(PatientRow))
        return int(patients or 0), len(rows(opened))
