"""The process that does one job: started by the worker, told what on its standard input.

It is a process of its own so that the page stays quick while experts compute, so that a reader that
crashes takes no server with it, and so that a cancelled job can be ended at once. It ends with its
server: as soon as the pipe from there is closed nobody waits for it, and the next worker begins the
job anew.
"""

import json
import logging
import os
import secrets
import sys
import threading
import traceback
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from medmm import home as home_module
from medmm import logs, ownership
from medmm.assembly import job_work
from medmm.assembly.homes import OpenHome
from medmm.database import Database
from medmm.errors import CancelledError, HomeError, MedmmError
from medmm.records import being_restored, jobs
from medmm.records.jobs import Claim

ownership.check_packages()
ORPHAN, GONE = 75, 76
"""Exit codes: the server ended; the claim was gone."""
log = logging.getLogger("medmm.jobs")


@dataclass(frozen=True)
class Order:
    """What a process is told: the home's folder, the database's URL, the job and its claim."""

    home: str
    database: str
    job: int
    token: str

    @classmethod
    def read(cls, line: str) -> "Order":
        """The order that a line of JSON holds."""
        return cls(**json.loads(line))

    def line(self) -> str:
        """The order as a line of JSON."""
        return json.dumps(vars(self)) + "\n"


def main(given: TextIO) -> int:
    """Do the job that the first line names; the exit code."""
    order = Order.read(given.readline())
    threading.Thread(target=_end_with, args=(given,), daemon=True).start()
    # Whoever reads images in the page comes first.
    with suppress(OSError):
        os.nice(5)
    home = home_module.prepare(Path(order.home))
    logs.start(home.logs, home.settings.log_level)
    with closing(Database(order.database)) as database:
        with home.lock("database"):
            being_restored.refuse(home)
        return _done(OpenHome(home, database), order)


def _done(opened: OpenHome, order: Order) -> int:
    job = jobs.find(opened.database, order.job)
    claimed = Claim(job, order.token)
    log.info("job=%d kind=%s begins", job.id, job.kind)
    try:
        job_work.perform(opened, claimed)
    except CancelledError:
        log.info("job=%d was taken away", job.id)
        return GONE
    except HomeError as error:
        # The sentence names the disk's or the database's trouble, which an admin has to see.
        log.error("job=%d %s", job.id, type(error).__name__)  # noqa: TRY400  # no trace
        return _failed(opened, claimed, str(error))
    except MedmmError as error:
        log.info("job=%d refused %s", job.id, type(error).__name__)
        return _failed(opened, claimed, str(error))
    except Exception as error:  # noqa: BLE001 - the last resort
        number = secrets.token_hex(6)
        # Frames and type alone: a message may quote a patient's text.
        frames = "".join(traceback.format_tb(error.__traceback__))
        log.error("fault id=%s %s\n%s", number, type(error).__name__, frames)  # noqa: TRY400
        told = f"This is a fault of medmm. It is in the log as {number}; please report it."
        return _failed(opened, claimed, told)
    log.info("job=%d is done", job.id)
    return 0


def _failed(opened: OpenHome, claimed: Claim, told: str) -> int:
    return 0 if jobs.fail(opened.database, claimed, told) else GONE


def _end_with(given: TextIO) -> None:
    """End this process at once when the server's end of the pipe is closed, by whatever end."""
    with suppress(OSError, ValueError):
        given.read()
    os._exit(ORPHAN)


if __name__ == "__main__":
    # Not sys.exit: threads of libraries must not hold up a process whose work is done.
    code = main(sys.stdin)
    logging.shutdown()
    os._exit(code)
