"""A process that waits for a line on stdin, then adds a user and says how that went."""

import sys

from medmm.database import Database
from medmm.errors import MedmmError
from medmm.records import users
from medmm.records.passwords import FLOOR, Hasher


def main(url: str, name: str) -> None:
    """Add ``name``; "added" or the reason's code on stdout."""
    database = Database(url)
    new = users.NewUser(name, "reader", "a quiet lung is good")
    first = users.NewUser("admin", "admin", "another quiet lung", must_change=True)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    try:
        users.add_user(database, new, hasher=Hasher(FLOOR), with_first_admin=first)
    except MedmmError as error:
        sys.stdout.write(f"{getattr(error, 'code', type(error).__name__)}\n")
    else:
        sys.stdout.write("added\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
