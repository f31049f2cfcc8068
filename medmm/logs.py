"""The home's log: what ran and how it went, never a patient's data.

Messages are fixed words with numbers, codes and names of medmm's own parts; names, identifiers and
text of a patient, and paths given by the user (they often hold names), are never put in.
"""

import logging
import time
from logging.handlers import RotatingFileHandler
from pathlib import Path

FORMAT = "%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s pid=%(process)d %(message)s"


def start(folder: Path, level: str) -> None:
    """Write medmm's log to ``folder/medmm.log``, 5 files of 5 MB at most."""
    logger = logging.getLogger("medmm")
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()
    try:
        handler = RotatingFileHandler(folder / "medmm.log", maxBytes=5_000_000, backupCount=4)
    except OSError:
        # A log that cannot be opened must not stop the work; the disk's own error will be said
        # by the first write that matters.
        return
    formatter = logging.Formatter(FORMAT, "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logger.addHandler(handler)
    logger.setLevel(level)
    logger.propagate = False
    logging.raiseExceptions = False
