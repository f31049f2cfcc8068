"""A process that drafts, edits and signs reports of study 1 until it is ended, and tells each."""

import sys
from itertools import count
from pathlib import Path

from medmm import home as home_module
from medmm.database import Database
from medmm.records import reports
from medmm.records.edits import edit_report
from medmm.records.signing import sign_report
from tests.records.builders import draft
from tests.records.signing_homes import GOOD, HERE, TRUSTING


def main(folder: str, url: str) -> None:
    """One line on stdout for each signature that was committed."""
    home = home_module.prepare(Path(folder))
    database = Database(url)
    for number in count():
        made = draft(texts=[f"Signed{number} has a lung."])
        report = reports.save_draft(database, home, 1, made).report_id
        assert report is not None
        edit_report(database, home, report, f"[s1] Edited{number} has a lung.", author="ann")
        given = {"user": "ann", "password": GOOD, "origin": HERE, "hasher": TRUSTING}
        signed = sign_report(database, home, report, **given)
        sys.stdout.write(f"signed {report} {signed.bound_sha256}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
