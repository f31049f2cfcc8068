"""Runs a command's body: turns errors into their line and exit code, and keeps the log."""

import logging
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import typer

from medmm.cli.output import Output, in_line
from medmm.errors import MedmmError

RESUME = "Stopped; nothing half-done was kept. Run the same command again to go on."


def run(
    body: Callable[[], int | None], output: Output, home: Path | None = None, stopped: str = RESUME
) -> NoReturn:
    """Run ``body`` and exit with its code (None is 0), an error's code, 130 on Ctrl-C, or 1.

    ``stopped`` is what Ctrl-C is answered with: how to go on.
    """
    try:
        code = body() or 0
    except MedmmError as error:
        code = error.exit_code
        # A file's name may hold a line break.
        output.note(f"medmm: {in_line(error)}")
        if output.verbose > 1:
            output.note(traceback.format_exc())
    except KeyboardInterrupt:
        code = 130
        output.note(stopped)
    except BrokenPipeError:
        # The reader of a pipe went away (| head): not a fault, and nobody is left to be told.
        sys.stderr.close()
        code = 141
    except Exception as error:  # noqa: BLE001 - the last resort that turns a fault into exit 1
        code = 1
        where = _write_traceback(home)
        output.note(
            f"medmm: this is a fault of medmm ({type(error).__name__}). "
            f"The traceback is in {where}; please report it."
        )
    logging.getLogger("medmm").info("exit code=%d", code)
    raise typer.Exit(code)


def _write_traceback(home: Path | None) -> Path:
    """Keep the traceback in the home's logs, or in the current folder's stead where that fails.

    Only the frames and the exception's type are kept: a message may quote a patient's text.
    """
    _, error, frames = sys.exc_info()
    lines = traceback.format_tb(frames)
    causes = []
    while error is not None:
        causes.append(f"{type(error).__module__}.{type(error).__name__}")
        error = error.__cause__ or error.__context__
    text = "".join(lines) + " <- ".join(causes) + "\n"
    name = f"fault-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.txt"
    try:
        from medmm.settings import default_home

        logs = (home or default_home()) / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        path = logs / name
        path.write_text(text)
    except OSError:
        import tempfile

        path = Path(tempfile.gettempdir()) / name
        path.write_text(text)
    return path
