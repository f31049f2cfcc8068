"""A process that erases a patient and is killed at the step that it is told."""

import os
import signal
import sys
from pathlib import Path

from medmm import home as home_module
from medmm.database import Database
from tests.records.conftest import Opened
from tests.records.erasing_homes import FIRST, erase


def main(folder: str, url: str, last: str) -> None:
    """Erase the first patient; die when ``last`` is reached."""

    def step(name: str) -> None:
        sys.stdout.write(f"{name}\n")
        sys.stdout.flush()
        if name == last:
            os.kill(os.getpid(), signal.SIGKILL)

    opened = Opened(home_module.prepare(Path(folder)), Database(url))
    erase(opened, FIRST, progress=step)


if __name__ == "__main__":
    main(*sys.argv[1:])
