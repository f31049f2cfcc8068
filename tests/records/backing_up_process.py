"""A process that makes or restores a backup and kills itself when it comes to a step."""

import os
import signal
import sys
from pathlib import Path

from medmm.database import Database
from medmm.records import migrations
from tests.records.backup_homes import bring, new_home, write
from tests.records.conftest import Opened


def main(action: str, folder: str, file: str, step: str) -> None:
    """``action`` is "backup" or "restore"; killed when progress begins with ``step``."""

    def progress(message: str) -> None:
        if message.startswith(step):
            os.kill(os.getpid(), signal.SIGKILL)

    home = new_home(Path(folder))
    if action == "restore":
        bring(home, Path(file), force=True, progress=progress)
        return
    database = Database(home.database_url)
    migrations.ensure(database, home)
    write(Opened(home, database), Path(file), progress=progress)


if __name__ == "__main__":
    main(*sys.argv[1:])
