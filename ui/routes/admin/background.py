"""Long work, one at a time, in a thread of its own: what it is at, and what came out."""

import logging
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from medmm.errors import MedmmError
from ui.answers import place_of

log = logging.getLogger("medmm.page")
Progress = Callable[[str], None]


@dataclass
class Background:
    """Work of one kind. Whoever may see it asks for rights first: here are none."""

    name: str
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)
    _running: bool = field(default=False, init=False)
    _step: str = field(default="", init=False)
    _began: float = field(default=0.0, init=False)
    _result: dict[str, Any] | None = field(default=None, init=False)
    _error: str = field(default="", init=False)

    def begin(
        self, first: Callable[[], object], work: Callable[[Progress], dict[str, Any]]
    ) -> bool:
        """Begin unless it is under way; whether it was begun. ``first`` is done before, here.

        Raises:
            MedmmError: what ``first`` raises; nothing was begun then.
        """
        with self._lock:
            if self._running:
                return False
            self._running, self._step, self._began = True, "", monotonic()
            self._result, self._error = None, ""
        try:
            first()
        except BaseException:
            self._end(None, "It was not begun.")
            raise
        threading.Thread(target=self._run, args=(work,), name=self.name, daemon=True).start()
        return True

    def document(self) -> dict[str, Any]:
        """What it is at, for how many seconds, and what came out of the last one that ended."""
        with self._lock:
            return {
                "running": self._running,
                "step": self._step,
                "seconds": round(monotonic() - self._began, 1) if self._running else None,
                "result": self._result,
                "error": self._error,
            }

    def _run(self, work: Callable[[Progress], dict[str, Any]]) -> None:
        try:
            result, error = work(self._at), ""
        except MedmmError as told:
            result, error = None, str(told)
        except Exception as fault:  # noqa: BLE001 - a thread has nobody above it
            number = secrets.token_hex(6)
            log.error("fault id=%s %s", number, place_of(fault))  # noqa: TRY400  # no trace
            result, error = None, f"This is a fault of medmm. It is in the log as {number}."
        self._end(result, error)

    def _at(self, step: str) -> None:
        with self._lock:
            self._step = step

    def _end(self, result: dict[str, Any] | None, error: str) -> None:
        with self._lock:
            self._running, self._result, self._error = False, result, error
