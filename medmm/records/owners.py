"""Whose a report is: the person who last wrote in it or handed it on; nobody's while a machine's.

A right to "own" reports (`medmm.records.access`) is asked of this.
"""

import json
from dataclasses import dataclass

from sqlalchemy import select

from medmm.database import Database
from medmm.errors import NotFoundError
from medmm.records.tables import ReportRow, StatusRow, VersionRow


@dataclass(frozen=True)
class Held:
    """A report's status now, and whose it is; ``owner`` is "" where no person had it in hand."""

    status: str
    owner: str


def of_report(database: Database, report_id: int) -> Held:
    """Status and owner of a report.

    Raises:
        NotFoundError: there is no such report.
    """
    edits = (
        select(VersionRow.author, VersionRow.document)
        .where(
            # Version 1 is the machine's.
            VersionRow.report_id == report_id,
            VersionRow.number > 1,
        )
        .order_by(VersionRow.number.desc())
        .limit(1)
    )
    steps = (
        select(StatusRow.author)
        .where(StatusRow.report_id == report_id)
        .order_by(StatusRow.number.desc())
        .limit(1)
    )
    with database.read() as session:
        row = session.get(ReportRow, report_id)
        if row is None:
            raise NotFoundError(
                f"There is no report {report_id} in this home.",
                "`medmm reports list` lists them.",
            )
        edit, step = session.execute(edits).first(), session.scalar(steps)
    # Not by their times, as a clock may be set back: an edit says in which status it was made, and
    # a report never comes back to a status in which it can be edited.
    if edit is not None and (step is None or json.loads(edit.document)["status"] == row.status):
        return Held(row.status, edit.author)
    return Held(row.status, step or "")
