"""A home with a patient whose every trace is a word that stands nowhere else, beside another."""

import hashlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import column, inspect, select, table, text
from sqlalchemy.orm import Session

from medmm.home import Home
from medmm.nouns import Document, Origin, Patient, Series, Study
from medmm.records import edits, integrity, reports, studies
from medmm.records.addenda import addend_report
from medmm.records.audit import Event, audited, record
from medmm.records.erasing import Outcome, erase_patient
from medmm.records.erasing.rows import belongings
from medmm.records.erasing.tombstones import Erased, details
from tests.records.builders import draft, refused_series, region_with_mask, series, study
from tests.records.conftest import Opened
from tests.records.signing_homes import GOOD, HERE, people, sign
from tests.records.test_users import QUICK

QUILLA = Patient("CANARY-90417", "ZYXWORTH^QUILLA", "O", "1937-11-23", "087Y")
UID = "1.2.826.0.1.90417.77"
LATER = "1.2.826.0.1.90417.78"
MASK, OTHER_MASK = b"mask of the one and only", b"mask of another"
FIRST, OTHER = 1, 2
# Report 1 is signed and added to, report 2 edited only; report 3 is the other patient's, signed.
SIGNED, DRAFTED, OTHERS = 1, 2, 3
CANARIES = (
    "CANARY-90417", "ZYXWORTH", "QUILLA", "zyxworth quilla", "1937-11-23", "ACCQ7781", UID, LATER,
    "Thorax quokka", "Lungs quetzal", "/cd/quince/IM0001", "quicksilver", "quadrille", "quagmire",
    "quintessence", "quotidian",
)  # fmt: skip


def quilla(uid: str = UID, slices: int = 4) -> Study:
    """Of three series: one of pixels that another patient has, too, one that grows, a text."""
    origin = Origin(uid, QUILLA, "2024-05-06T07:08:09", "Thorax quokka", "ACCQ7781")
    own: dict[str, Any] = {"description": "Lungs quetzal", "origin": origin}
    names = tuple(f"/cd/quince/IM{index:04d}" for index in range(slices))
    told = Document("A quotidian text.", "SR quotidian", "text/plain", ("quotidian",))
    parts = (
        series(f"{uid}.1", slices, seed=6, files=names, **own),
        series(f"{uid}.2", 3, seed=5, **own),
        series(
            f"{uid}.3", modality="SR", kind="document", content=told, shape=(), spacing_mm=None,
            affine_lps=None, units="", **own,
        ),
        refused_series(f"{uid}.9", **own),
    )  # fmt: skip
    return Study(uid, QUILLA, parts, origin.date, origin.description)


def shared() -> Series:
    """The other patient's series, of the same pixels as one of the first."""
    return series("1.2.3.1", 3, seed=5)


def fill(opened: Opened) -> Opened:
    """Both patients with reports: drafted, edited, signed, added to, and found by their words."""
    people(opened)
    studies.save_study(opened.database, opened.home, quilla())
    # A series that is read better later leaves a superseded revision.
    studies.save_study(opened.database, opened.home, quilla(slices=6))
    studies.save_study(opened.database, opened.home, study(shared()))
    studies.save_study(opened.database, opened.home, quilla(LATER))
    for number, uid, mask in ((1, UID, MASK), (3, LATER, MASK), (2, "1.2.3", OTHER_MASK)):
        texts = ("The lung is well.", "No quicksilver." if number != 2 else "No effusion.")
        region = region_with_mask(opened.home, mask)
        made = draft(uid, texts, regions=(region,))
        reports.save_draft(opened.database, opened.home, number, made)
    for number in (SIGNED, DRAFTED):
        words = "[s1] The lung is a quadrille.\n[s2] No quagmire.\n"
        edits.edit_report(
            opened.database, opened.home, number, words, author="rex", reason="quagmire"
        )
    sign(opened, SIGNED)
    sign(opened, OTHERS)
    addend_report(
        opened.database, opened.home, SIGNED, "Added quintessence.",
        user="ann", password=GOOD, origin=HERE, hasher=QUICK,
    )  # fmt: skip
    return opened


def server_of(request: pytest.FixtureRequest, url: str) -> Path | None:
    """Where the database server keeps its files; None for SQLite, whose are in the home."""
    if url.startswith("sqlite"):
        return None
    folder: Path = request.getfixturevalue("postgres_server")
    return folder


def well(opened: Opened) -> None:
    assert integrity.check(opened.database, opened.home, hashes=True) == []


def triggers(opened: Opened) -> list[tuple[Any, ...]]:
    wanted = (
        "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY 1"
        if opened.database.dialect == "sqlite"
        else "SELECT t.tgname, t.tgenabled, pg_get_triggerdef(t.oid) FROM pg_trigger t "
        "JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal "
        "AND c.relnamespace = current_schema()::regnamespace ORDER BY 1"
    )
    with opened.database.read() as session:
        return [tuple(row) for row in session.execute(text(wanted))]


def erase(opened: Opened, patient: int = FIRST, **more: Any) -> Outcome:
    """Erase as the command does."""

    def note(session: Session, erased: Erased) -> None:
        for detail in details(erased, "GDPR-17"):
            record(session, Event("ada", "admin", "erase", f"patient:{patient}", detail=detail))

    given: dict[str, Any] = {"reason": "GDPR-17", "also": note} | more
    with audited(opened.database, opened.home):
        pass
    return erase_patient(opened.database, opened.home, patient, **given)


def rows(opened: Opened, patient: int) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of a patient, by table."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    with opened.database.read() as session:
        mine = belongings(session, patient)
        for name in mine.tables:
            names = [one["name"] for one in inspect(session.connection()).get_columns(name)]
            wanted: Any = select(*map(column, names)).select_from(table(name))
            found[name] = sorted(
                tuple(map(str, row))
                for condition in mine.conditions(name)
                for row in session.execute(wanted.where(condition))
            )
    return found


def kept(home: Home) -> dict[str, str]:
    """Hash of each file in pixels and files."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for store in (home.pixels, home.files)
        for path in store.folder.iterdir()
    }


def spellings(word: str) -> set[bytes]:
    """The bytes in which a word could stand in a file."""
    forms = {word, word.casefold(), word.upper()}
    return {
        data
        for form in forms
        for data in (
            form.encode(), form.encode("utf-16-le"), form.encode("utf-16-be"),
            form.encode().hex().encode(),
        )
    }  # fmt: skip


def traces(opened: Opened, server: Path | None = None) -> list[str]:
    """Each canary that is found in any byte of the home, or of the database's own files."""
    files = {path: path.read_bytes() for path in opened.home.path.rglob("*") if path.is_file()}
    if server is not None:
        files |= {path: path.read_bytes() for path in relation_files(opened, server)}
    return [
        f"{word} in {path.name}"
        for word in CANARIES
        for path, data in files.items()
        if any(form in data for form in spellings(word))
    ]


def relation_files(opened: Opened, server: Path) -> Iterator[Path]:
    """The files of this schema's tables, indexes and long values, and of the statistics."""
    wanted = text(
        "SELECT pg_relation_filepath(c.oid) FROM pg_class c WHERE c.relkind IN ('r', 'i', 't') "
        "AND (c.relnamespace = current_schema()::regnamespace OR c.relname = 'pg_statistic' "
        "OR c.oid IN (SELECT t.reltoastrelid FROM pg_class t "
        "WHERE t.relnamespace = current_schema()::regnamespace))"
    )
    subprocess.run(
        ["psql", "-h", str(server), "-U", "postgres", "-q", "-c", "CHECKPOINT"],
        check=True,
        capture_output=True,
    )
    with opened.database.read() as session:
        for name in session.scalars(wanted):
            yield from (server / "data" / name).parent.glob(f"{Path(name).name}*")
