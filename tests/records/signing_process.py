"""A process that signs whatever report it is told to, and says whether it won."""

import sys
from pathlib import Path

from medmm import home as home_module
from medmm.database import Database
from medmm.errors import ConflictError
from medmm.records.signing import sign_report
from tests.records.signing_homes import GOOD, TRUSTING


def main(folder: str, url: str, name: str) -> None:
    """For each number of a report on stdin: sign it, say "won" or "lost" and the sentence."""
    home = home_module.prepare(Path(folder))
    database = Database(url)
    say("ready")
    for line in sys.stdin:
        try:
            sign_report(
                database, home, int(line), user=name, password=GOOD, origin=name, hasher=TRUSTING
            )
            say("won")
        except ConflictError as error:
            say(f"lost {error.message}")
    database.close()


def say(line: str) -> None:
    """Out of this process at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3])
