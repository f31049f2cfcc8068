"""What tells who the patient is stays in the database and the file store of the home.

The main job is run on a patient with names that stand nowhere else. Then every byte that was
written anywhere is searched for them: what is left on the disk, and, by a trace of the system
calls, what was written for a moment only. Where the user asked for a copy (an export) it is left
out; what a process tells its terminal is the user's own.
"""

import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pydicom
import pytest

from tests.conftest import Medmm, absent
from tests.journeys.test_users import GOOD, with_password

CANARIES = (
    "Canaryname", "Zebulon", "CANARY-4711", "19481123", "1948-11-23", "CANACC-99", "Canarystudy",
    "Canaryreason", "Canarytyped", "Canaryadded", "Canaryfolder", "Canaryquery", "2.25.47114711",
)  # fmt: skip
# Where they belong: SQLite's file with what it writes beside it, and the store of contents.
OWN = re.compile(r"(medmm\.db(-wal|-shm|-journal)?|(pixels|files)/[^/]+)")
WRITES = "trace=write,pwrite64,writev,pwritev,pwritev2,sendfile,copy_file_range"
CALL = re.compile(r"^\d+ +(?:<\.\.\. )?(\w+)\(\d+<(?P<path>[^>]*)>, (?P<data>.*)$")


@dataclass(frozen=True)
class Ground:
    """A machine of one's own: the user's home, temporary files, working folder and medmm's home."""

    folder: Path
    medmm: Medmm
    source: Path
    traces: list[Path]

    def run(self, *words: object, password: str = "", code: int = 0) -> None:
        """A command with all of its writes traced."""
        strace = shutil.which("strace")
        if strace is None:
            absent("strace", "install Debian's strace")
            raise AssertionError
        trace = self.folder.with_name(f"trace-{len(self.traces)}")
        self.traces.append(trace)
        before = [strace, "-f", "-y", "-s", "1000000", "-e", WRITES, "-o", str(trace)]
        options = {"before": before, "code": code, "cwd": self.folder / "work", "env": self.env()}
        if password:
            with_password(self.medmm, password, *words, **options)
        else:
            self.medmm(*words, **options)

    def env(self) -> dict[str, str]:
        """Every folder that a library may write into is inside."""
        own = {"HOME": "user", "TMPDIR": "tmp", "XDG_CACHE_HOME": "user/cache", "PWD": "work"}
        return {"PATH": os.environ["PATH"], **{k: str(self.folder / v) for k, v in own.items()}}


@pytest.fixture
def ground(tmp_path: Path, small_study: Path) -> Ground:
    """The small study as a patient whom nothing else in the world is called after."""
    folder = tmp_path / "ground"
    for name in ("user", "tmp", "work"):
        (folder / name).mkdir(parents=True)
    source = tmp_path / "Canaryfolder"
    source.mkdir()
    for number, path in enumerate(sorted(p for p in small_study.rglob("*") if p.is_file())):
        dataset = pydicom.dcmread(path)
        dataset.PatientName, dataset.PatientID = "Canaryname^Zebulon", "CANARY-4711"
        dataset.PatientBirthDate, dataset.AccessionNumber = "19481123", "CANACC-99"
        dataset.StudyDescription = "Canarystudy"
        dataset.StudyInstanceUID = "2.25.47114711"
        dataset.save_as(source / f"Canaryname-{number}.dcm")
    (source / "Zebulon.txt").write_text("no image")
    return Ground(folder, Medmm(folder / "home"), source, [])


def live_through(ground: Ground) -> None:
    """From the first file to the addendum, with what goes wrong on the way."""
    typed, added = ground.source.parent / "typed.txt", ground.source.parent / "added.txt"
    typed.write_text("# Findings\nCanarytyped is not enlarged.\n")
    added.write_text("Canaryadded.\n")
    ground.run("ingest", ground.source)
    ground.run("draft", "1", "--indication", "Canaryreason")
    ground.run("draft", ground.source / "Zebulon.txt", code=3)
    ground.run("studies", "Canaryquery")
    ground.run("reports", "search", "Canaryquery")
    ground.run("reports", "show", 1)
    ground.run("reports", "edit", 1, typed, "--author", "joe")
    ground.run("reports", "edit", 1, ground.source / "Zebulon.txt", "--author", "joe", code=3)
    ground.run("reports", "hand-on", 1, "--author", "joe")
    ground.run("user", "add", "jane", "--role", "signer", password=GOOD)
    ground.run("reports", "sign", 1, "--user", "jane", password=GOOD)
    ground.run("reports", "addend", 1, added, "--user", "jane", password=GOOD)
    for form in ("pdf", "fhir", "json", "text", "dicom-pdf"):
        ground.run("export", 1, "--to", form, ground.source / f"out-{form}")
    ground.run("db", "check", "--hashes")
    ground.run("doctor")


def test_no_byte_of_the_patient_is_written_anywhere_else(ground: Ground) -> None:
    live_through(ground)
    home = ground.folder / "home"
    kept = b"".join(path.read_bytes() for path in home.glob("medmm.db*"))
    # The search finds what is there: else nothing below would mean anything.
    assert all(word.encode() in kept for word in ("Canaryname", "Canaryreason", "Canarytyped"))
    assert list(found_on_disk(ground.folder, home)) == []
    assert list(found_in_writes(ground)) == []
    with sqlite3.connect(home / "medmm.db") as connection:
        trail = str(connection.execute("SELECT * FROM audit_events").fetchall())
    assert [word for word in CANARIES if word in trail] == []


def found_on_disk(folder: Path, home: Path) -> Iterator[str]:
    """What is left of the patient in any file or file name, but where it belongs."""
    for path in sorted(folder.rglob("*")):
        within = str(path.relative_to(folder))
        yield from (f"{word} in the name {within}" for word in CANARIES if word in within)
        belongs = path.is_relative_to(home) and OWN.fullmatch(str(path.relative_to(home)))
        if path.is_file() and not belongs:
            data = path.read_bytes()
            for word in CANARIES:
                if word.encode() in data or word.encode("utf-16-le") in data:
                    yield f"{word} in {within}"


def found_in_writes(ground: Ground) -> Iterator[str]:
    """What of the patient any process wrote into a file, for however short."""
    home, files = ground.folder / "home", 0
    for trace in ground.traces:
        for line in trace.read_text(errors="replace").splitlines():
            call = CALL.match(line)
            if call is None or not call["path"].startswith("/"):
                continue
            path = Path(call["path"].removesuffix(" (deleted)"))
            if path.is_relative_to(ground.source) or str(path).startswith("/dev/"):
                continue
            files += 1
            if path.is_relative_to(home) and OWN.fullmatch(str(path.relative_to(home))):
                continue
            yield from (f"{word} written into {path}" for word in CANARIES if word in call["data"])
    assert files > 100, "the trace saw no writes"


def test_a_fault_tells_no_patient(ground: Ground) -> None:
    """A traceback holds frames and types only, also when the fault's sentence quotes a name."""
    ground.run("ingest", ground.source)
    home = ground.folder / "home"
    with sqlite3.connect(home / "medmm.db") as connection:
        connection.execute("UPDATE series SET verdict = '\"Canaryname\"'")
    ground.run("draft", "1", "--indication", "Canaryreason", code=1)
    [fault] = (home / "logs").glob("fault-*.txt")
    assert fault.read_text()
    assert list(found_on_disk(ground.folder, home)) == []
