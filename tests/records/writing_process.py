"""A process that stores studies and drafts and says so after each commit; tests run and kill it."""

import sys
from pathlib import Path

from medmm import home as home_module
from medmm.database import Database
from medmm.records import migrations, reports, studies
from tests.records.builders import draft, numbered_study, region_with_mask


def main(folder: str, url: str, first: int, count: int) -> None:
    """Store studies ``first``, ``first + 1``, ...; one line on stdout for each thing stored."""
    home = home_module.prepare(Path(folder))
    database = Database(url or home.database_url)
    migrations.ensure(database, home)
    say("ready")
    for number in range(first, first + count):
        saved = studies.save_study(database, home, numbered_study(number))
        say(f"study {saved.study_id} {saved.series[0].outcome}")
        region = region_with_mask(home, f"mask {number}".encode())
        made = draft(f"1.2.9.{number}", [f"Case{number} has a lung."], regions=(region,))
        recorded = reports.save_draft(database, home, saved.study_id, made)
        say(f"report {recorded.report_id} {number}")


def say(line: str) -> None:
    """Acknowledge: the line is out of this process before anything else is done."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
