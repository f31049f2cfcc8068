"""Kills at random moments: a process that forks children, and what each acknowledged until then."""

import os
import select
import signal
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Self

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass
class Killed:
    """What one child said: ``done`` is what it acknowledged, ``underway`` what it was killed in."""

    done: list[tuple[str, str]] = field(default_factory=list)
    underway: str = ""

    def hear(self, line: str) -> None:
        match line.split():
            case ["begin", deed]:
                self.underway = deed
            case ["done", deed, thing]:
                self.done.append((deed, thing))
                self.underway = ""


@dataclass
class Tally:
    """What was killed, for `make crash` to print."""

    killed: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0

    def count(self, one: Killed, kind: str) -> None:
        self.killed[f"in {one.underway}" if one.underway else f"after one of {kind}"] += 1
        self.acknowledged += len(one.done)

    def __str__(self) -> str:
        kinds = ", ".join(f"{count} {name}" for name, count in sorted(self.killed.items()))
        total = self.killed.total()
        return f"{total} kills ({kinds}); {self.acknowledged} acknowledged writes, lost 0"


class Parent:
    """The process of `tests.records.deeds_process`, whose children are killed."""

    def __init__(self, home: Path, url: str) -> None:
        self._errors = (home.parent / f"{home.name}-errors").open("w+")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.records.deeds_process", str(home), url],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, cwd=REPOSITORY,
        )  # fmt: skip
        assert self._process.stdout is not None
        self._output = self._process.stdout.fileno()
        self._held = b""

    def __enter__(self) -> Self:
        assert self._line() == "ready", self._told()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._process.communicate()
        told = self._told()
        self._errors.close()
        if kind is None:
            assert told == ""

    def kill_in(self, command: str, deed: str, times: int, seconds: float) -> Killed:
        """Let a child work, and kill it ``seconds`` after it began ``deed`` for the nth time."""
        self._send(command)
        first = self._line()
        assert first is not None
        child = int(first.removeprefix("pid "))
        heard, seen = Killed(), 0
        while seen < times:
            line = self._line()
            assert line is not None
            assert not line.startswith("ended"), self._told()
            heard.hear(line)
            seen += line == f"begin {deed}"
        end = monotonic() + seconds
        while (line := self._line(end)) is not None:
            assert not line.startswith("ended"), self._told()
            heard.hear(line)
        # Gone already if it failed, which its status says.
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        while (line := self._line()) is not None and not line.startswith("ended"):
            heard.hear(line)
        assert line == f"ended {signal.SIGKILL.value}", self._told()
        return heard

    def stop_at(self, step: int, revision: str) -> bool:
        """Kill a migration before its nth statement; whether it had done all by then."""
        return bool(self._heard(f"stop {step} {revision}").done)

    def halt_at(self, step: int, number: int) -> Killed:
        """Kill somebody who ingests, drafts and edits before the nth call that makes files durable.

        Nothing was underway if all was done by then.
        """
        return self._heard(f"halt {step} {number}")

    def _heard(self, command: str) -> Killed:
        """What a child said that ends by itself."""
        self._send(command)
        heard = Killed()
        while (line := self._line()) is not None and not line.startswith("ended"):
            heard.hear(line)
        assert line == f"ended {signal.SIGKILL.value}", self._told()
        return heard

    def _send(self, command: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n".encode())
        self._process.stdin.flush()

    def _line(self, end: float | None = None) -> str | None:
        """The next line; None if there is none by ``end``, or ever."""
        while b"\n" not in self._held:
            wait = None if end is None else max(0.0, end - monotonic())
            if not select.select([self._output], [], [], wait)[0]:
                return None
            data = os.read(self._output, 65536)
            if not data:
                return None
            self._held += data
        line, _, self._held = self._held.partition(b"\n")
        return line.decode()

    def _told(self) -> str:
        self._errors.seek(0)
        return self._errors.read()
