"""A process that edits one report whenever it is told to, and says whether it won."""

import sys
from pathlib import Path

from medmm import home as home_module
from medmm.database import Database
from medmm.errors import ConflictError
from medmm.records.edits import edit_report


def main(folder: str, url: str, name: str) -> None:
    """For each number of a version on stdin: edit that version, say "won" or "lost BASED LAST"."""
    home = home_module.prepare(Path(folder))
    database = Database(url)
    say("ready")
    for line in sys.stdin:
        based_on = int(line)
        text = f"[s1] Version {based_on + 1} is by {name}."
        try:
            number = edit_report(database, home, 1, text, author=name, based_on=based_on)
            say(f"won {number}")
        except ConflictError as error:
            say(f"lost {error.based_on} {error.last}")
    database.close()


def say(line: str) -> None:
    """Out of this process at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3])
