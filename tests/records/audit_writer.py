"""A process that records audit events; one that is told so dies between a commit and its seal."""

import os
import signal
import sys
from pathlib import Path

from medmm import home as home_module
from medmm.database import Database
from medmm.records import audit, migrations
from medmm.records.audit import Event


def main(folder: str, url: str, count: int, *, dies: bool) -> None:
    """Record ``count`` events; with ``dies`` the process kills itself before the last is sealed."""
    home = home_module.prepare(Path(folder))
    database = Database(url or home.database_url)
    migrations.ensure(database, home)
    for number in range(1, count + 1):
        if dies and number == count:
            vars(audit)["seal"] = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        with audit.audited(database, home) as session:
            audit.record(session, Event("ada", "signer", "sign", f"report:{number}"))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), dies=sys.argv[4:] == ["dies"])
