"""The server's own worker: one thread that takes jobs, one at a time, each done by a process.

One at a time, because drafting fills the processor. Two servers on one database each have a worker,
and no job goes to both (`medmm.records.jobs.claim`). A worker that lives holds a lock in the home
that is named after it; a job whose worker does not is found by the next that looks, and waits
again. So a job may begin more than once and is still recorded once.
"""

import logging
import os
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from medmm import ownership
from medmm.assembly import critical, upload_folders
from medmm.assembly.homes import OpenHome
from medmm.assembly.job_process import Order
from medmm.errors import CancelledError, MedmmError
from medmm.records import jobs
from medmm.records.jobs import Claim

ownership.check_packages()
LOOK_EVERY = 0.5
"""Seconds until an idle worker looks for a job again, and until it looks whether one was
cancelled."""
BEAT_EVERY = 20.0
"""Seconds between signs of life while a job says nothing itself."""
TIDY_EVERY = 20.0
"""Seconds between looks for what killed servers left and for versions that were not counted."""
log = logging.getLogger("medmm.jobs")


class Worker:
    """A worker over an open home; `start` and `stop` go with the server."""

    def __init__(self, opened: OpenHome, look_every: float = LOOK_EVERY) -> None:
        self.name = secrets.token_hex(16)
        self._opened = opened
        self._look_every = look_every
        self._tidy_next = 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="medmm-worker", daemon=True)

    def start(self) -> None:
        """Begin to take jobs."""
        self._thread.start()

    def stop(self) -> None:
        """Take no more jobs; one that runs is ended and waits for the next start."""
        self._stopping.set()
        self._thread.join()

    @contextmanager
    def running(self) -> Iterator["Worker"]:
        """Started within, stopped after."""
        self.start()
        try:
            yield self
        finally:
            self.stop()

    def _run(self) -> None:
        lock = lock_of(self.name)
        with self._opened.home.lock(lock):
            while not self._stopping.is_set():
                try:
                    busy = self._look()
                except MedmmError as error:
                    log.error("worker: %s", type(error).__name__)  # noqa: TRY400  # no trace
                    busy = False
                except Exception as error:  # noqa: BLE001 - the worker must outlive any one job
                    log.error("worker fault: %s", type(error).__name__)  # noqa: TRY400
                    busy = False
                if not busy:
                    self._stopping.wait(self._look_every)
        _lock_file(self._opened, self.name).unlink(missing_ok=True)

    def _look(self) -> bool:
        """Do a job if one waits; whether there was anything to do."""
        found = jobs.recover(self._opened.database, self._lives)
        for number in found:
            log.info("job=%d was left by a worker that ended", number)
        claimed = jobs.claim(self._opened.database, self.name)
        if claimed is None:
            return self._tidy()
        self._do(claimed)
        return True

    def _tidy(self) -> bool:
        """What nobody waits for, now and then; whether there is more of it."""
        if time.monotonic() < self._tidy_next:
            return False
        upload_folders.sweep(self._opened)
        _remove_scratch(self._opened)
        if critical.count_flags(self._opened):
            return True
        self._tidy_next = time.monotonic() + TIDY_EVERY
        return False

    def _lives(self, name: str) -> bool | None:
        """Whether a worker lives, None where its lock is not in this home."""
        if name == self.name:
            # Only one at a time: a job of ours that runs while we look was lost by a fault.
            return False
        if not _lock_file(self._opened, name).exists():
            return None
        with self._opened.home.try_lock(lock_of(name)) as free:
            return not free

    def _do(self, claimed: Claim) -> None:
        scratch = _scratch(self._opened) / claimed.token
        scratch.mkdir(mode=0o700, parents=True)
        process = _begun(self._opened, claimed, scratch)
        try:
            self._watch(process, claimed)
        finally:
            _ended(process)
            shutil.rmtree(scratch, ignore_errors=True)
        upload_folders.sweep(self._opened)
        _remove_scratch(self._opened)

    def _watch(self, process: "subprocess.Popen[str]", claimed: Claim) -> None:
        """Until the process ends, the job is cancelled, or the server stops."""
        beaten = time.monotonic()
        while True:
            with suppress(subprocess.TimeoutExpired):
                code = process.wait(self._look_every)
                self._settle(claimed, code)
                return
            if self._stopping.is_set():
                _ended(process)
                jobs.release(self._opened.database, claimed)
                return
            if not jobs.held(self._opened.database, claimed):
                return
            if time.monotonic() - beaten > BEAT_EVERY:
                beaten = time.monotonic()
                with suppress(CancelledError):
                    jobs.beat(self._opened.database, claimed)

    def _settle(self, claimed: Claim, code: int) -> None:
        """A process that ended without a word about its job failed at it."""
        if not jobs.held(self._opened.database, claimed):
            return
        why = (
            "The system ended the work, perhaps because memory ran out"
            if code == -signal.SIGKILL
            else "The work ended by itself"
        )
        jobs.fail(self._opened.database, claimed, f"{why} (code {code}).")
        log.error("job=%d ended with code=%d", claimed.job.id, code)


def lock_of(worker: str) -> str:
    """The name of the lock in the home that a worker holds as long as it lives."""
    return f"worker-{worker}"


def _lock_file(opened: OpenHome, worker: str) -> Path:
    return opened.path / f".{lock_of(worker)}.lock"


def _begun(opened: OpenHome, claimed: Claim, scratch: Path) -> "subprocess.Popen[str]":
    order = Order(
        home=str(opened.path),
        database=opened.database.url.render_as_string(hide_password=False),
        job=claimed.job.id,
        token=claimed.token,
    )
    process = subprocess.Popen(
        # -P: nothing is imported from the folder in which the server happens to run.
        [sys.executable, "-P", "-m", "medmm.assembly.job_process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        # Archives and masks are unpacked in the home, not where others look.
        env=os.environ | {"TMPDIR": str(scratch)},
        # Ctrl-C in the server's terminal is for the server, which ends the job in order.
        start_new_session=True,
    )
    assert process.stdin is not None  # noqa: S101  # it is a pipe
    with suppress(BrokenPipeError):
        process.stdin.write(order.line())
        process.stdin.flush()
    return process


def _ended(process: "subprocess.Popen[str]") -> None:
    """End a process and all that it started, if it still runs."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()


def _scratch(opened: OpenHome) -> Path:
    return opened.path / "cache" / "jobs"


def _remove_scratch(opened: OpenHome) -> None:
    """Remove what processes of servers that were killed left; a live worker's is its claim's."""
    shelf = _scratch(opened)
    if not shelf.is_dir():
        return
    needed = jobs.tokens(opened.database)
    for folder in shelf.iterdir():
        if folder.name not in needed:
            shutil.rmtree(folder, ignore_errors=True)
