"""Whether two studies are of one person: never merged on weak grounds, said when kept apart.

Within one StudyInstanceUID: the same PatientID, and neither name, birth date nor sex contradicts
(what is empty contradicts nothing). Across studies: a PatientID that is a real one, and id, issuer,
birth date and name all equal, sex not contradicting. Otherwise there are two patients; a person who
is split in two is a nuisance, two people merged into one is harm.
"""

import re
import unicodedata
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from medmm.nouns import Patient
from medmm.records.tables import PatientRow

# Words that scanners and de-identifiers put where a PatientID should be.
_PLACEHOLDER = re.compile(
    r"anon\w*|pseudo\w*|de-?identified|removed|redacted|unknown|none|null|n/?a|tests?|patients?|"
    r"phantom|id|qa|emergency|notfall|x+|([0-9])\1*|0*1234?5?6?7?8?9?0?|[\W_]*"
)


def same_name(one: str, other: str) -> bool:
    """Whether two person names are the same but for case, accents' form and empty components."""
    return _plain_name(one) == _plain_name(other)


def is_placeholder(patient_id: str) -> bool:
    """Whether a PatientID is empty or one that many people share."""
    return _PLACEHOLDER.fullmatch(patient_id.strip().casefold()) is not None


def contradicts(row: PatientRow, patient: Patient) -> bool:
    """Whether a kept patient and one just read cannot be the same examination's."""
    return (
        row.patient_id.strip() != patient.id.strip()
        or _differ(row.birth_date, patient.birth_date)
        or _differ(row.sex, patient.sex)
        or bool(row.name and patient.name and not same_name(row.name, patient.name))
    )


def same_person(row: PatientRow, patient: Patient, issuer: str) -> bool:
    """Whether a kept patient is surely the one just read, in another study."""
    return (
        not is_placeholder(patient.id)
        and not contradicts(row, patient)
        and row.issuer == issuer
        and row.birth_date == patient.birth_date
        and same_name(row.name, patient.name)
    )


def find_or_add(
    session: Session, patient: Patient, issuer: str, now: datetime
) -> tuple[PatientRow, str]:
    """This person's row, added if there is none; and a sentence where others share the id."""
    alike = session.scalars(
        select(PatientRow).where(PatientRow.patient_id == patient.id).order_by(PatientRow.id)
    ).all()
    for row in alike:
        if same_person(row, patient, issuer):
            return row, ""
    new = PatientRow(
        patient_id=patient.id,
        issuer=issuer,
        name=patient.name,
        sex=patient.sex,
        birth_date=patient.birth_date,
        created=now,
    )
    session.add(new)
    session.flush()
    if not alike or is_placeholder(patient.id):
        return new, ""
    numbers = ", ".join(str(row.id) for row in alike)
    return new, (
        f"Another patient ({numbers}) has the same PatientID with another name, birth date, sex "
        "or issuer; they are kept apart."
    )


def _differ(one: str, other: str) -> bool:
    return bool(one and other and one != other)


def _plain_name(name: str) -> str:
    groups = unicodedata.normalize("NFC", name).casefold().split("=")
    parts = [[" ".join(part.split()) for part in group.split("^")] for group in groups]
    return "=".join("^".join(group).rstrip("^") for group in parts).rstrip("=")
